package io.quorate.examples.readme.settings;

import io.quorate.core.NodeId;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.TrainingListener;
import java.util.Optional;
import java.util.function.Supplier;

/** A training job as far as an application brings it. */
public abstract class Job extends Profiles {
  protected final long fencingToken = 1;
  protected final float[] initial = new float[4];
  protected final long steps = 10;
  protected final CheckpointStore checkpoints =
      CheckpointStore.open(environment, CheckpointOptions.in("checkpoints"));
  protected final TrainingListener listener = new TrainingListener() {};
  protected GradientFunction<float[]> gradient;
  protected BatchSource<float[]> batches;
  protected Supplier<Optional<NodeId>> whoLeads = Optional::empty;
}
