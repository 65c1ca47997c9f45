/**
 * Serving a model from replicas: batches, bounded queues, reloads under load, a canary, and what
 * happens to callers when a replica dies or when there are too many of them. {@link
 * io.quorate.examples.serving.ModelReplica} is one replica, {@link
 * io.quorate.examples.serving.Predictor} what callers use.
 */
package io.quorate.examples.serving;
