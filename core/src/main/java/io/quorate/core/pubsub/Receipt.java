package io.quorate.core.pubsub;

/**
 * Where a published message is stored.
 *
 * @param partition of its topic, from 0
 * @param sequence its place in the partition, from 0; grows from message to message
 * @param duplicate whether it had been stored before, under this sequence, and was not stored again
 */
public record Receipt(int partition, long sequence, boolean duplicate) {}
