/**
 * Topics whose messages survive their nodes: the broker of {@link io.quorate.core.pubsub}, applied
 * by every replica of a Raft group. {@link io.quorate.consensus.topic.ReplicatedTopics} is the
 * door; what it gives is a {@link io.quorate.core.pubsub.MessageBus}.
 */
package io.quorate.consensus.topic;
