/**
 * Publish and subscribe. A {@link io.quorate.core.pubsub.MessageBus} is what applications use; a
 * {@link io.quorate.core.pubsub.Broker} is where topics live: in this process, on another node, or
 * in a replicated log. All brokers run the same pure {@link io.quorate.core.pubsub.BrokerCore}, and
 * all pass one conformance suite, so that a topic means the same wherever it lives.
 */
package io.quorate.core.pubsub;
