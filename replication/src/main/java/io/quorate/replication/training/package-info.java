/**
 * Data-parallel training on workers that may be slow, crash, join and leave. {@link
 * io.quorate.replication.training.TrainingMaster} hands out work and keeps the parameters, {@link
 * io.quorate.replication.training.TrainingWorker} computes gradients. Work is cut into a fixed
 * number of logical shards whose sums are added in shard order, so the result does not depend on
 * who computed what, or when.
 */
package io.quorate.replication.training;
