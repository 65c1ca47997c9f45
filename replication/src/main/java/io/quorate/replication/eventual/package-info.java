/**
 * A store whose every node holds every key and answers alone. {@link
 * io.quorate.replication.eventual.EventualStore} is the door: writes are durable where they are
 * accepted, spread at once and by comparison, and are joined where they meet.
 */
package io.quorate.replication.eventual;
