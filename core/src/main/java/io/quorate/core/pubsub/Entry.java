package io.quorate.core.pubsub;

/**
 * A stored message. Immutable.
 *
 * @param timestampMillis when it was stored, by the broker's time; never less than the one before
 * @param replyTo where an answer goes; null if none is wanted
 */
record Entry(long sequence, long timestampMillis, Message message, ReplyTo replyTo) {}
