/**
 * What every replicated store speaks of: the {@link io.quorate.replication.Tag} that names one
 * version of one key, and the {@link io.quorate.replication.Versioned} value that carries it. The
 * stores themselves are in {@code quorum} and {@code eventual}, the engine below them in {@code
 * local}, mergeable values in {@code crdt}, saved training state in {@code checkpoint}.
 */
package io.quorate.replication;
