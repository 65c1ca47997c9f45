/**
 * The storage engine under the replicated stores: {@link io.quorate.replication.local.LocalStore}
 * keeps versioned cells on one node, in a log that is the data. The interface is small, so that
 * another engine can stand in its place.
 */
package io.quorate.replication.local;
