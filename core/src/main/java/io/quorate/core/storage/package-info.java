/**
 * The file seam. {@link io.quorate.core.storage.Storage} is the door: what durable code needs of a
 * file system and no more, so that a simulated disk can lose, tear and corrupt what a real one may.
 */
package io.quorate.core.storage;
