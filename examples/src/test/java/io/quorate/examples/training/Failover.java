package io.quorate.examples.training;

import io.quorate.consensus.election.LeaderElection;
import io.quorate.consensus.raft.Raft;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Address;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingListener;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import io.quorate.replication.training.TrainingWorker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Three nodes of which Raft elects the master, and two workers. Whoever leads is killed; its
 * successor goes on from the newest checkpoint, with the fencing token as its term.
 */
final class Failover<B> implements AutoCloseable {
  private static final List<NodeId> NODES =
      List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));

  /** A step that some master took. */
  record Step(NodeId master, StepStats stats, long atNanos) {}

  private final class Node implements AutoCloseable {
    private final NodeId id;
    private final Environment environment;
    private LeaderElection election;
    private CheckpointStore checkpoints;
    private Optional<TrainingMaster> master = Optional.empty();
    private volatile boolean killed;

    Node(NodeId id) {
      this.id = id;
      this.environment = environment(id);
    }

    /** Takes part; trains from when it is elected until it no longer is. */
    void start() {
      Raft raft = Raft.open(environment);
      List<NodeId> peers = NODES.stream().filter(peer -> !peer.equals(id)).toList();
      checkpoints =
          CheckpointStore.open(
              environment, CheckpointOptions.in("checkpoints").withPeers(peers, 2));
      election = LeaderElection.join(raft, "master", NODES);
      election.onChange(this::changed);
    }

    private synchronized void changed(OptionalLong token) {
      master.ifPresent(TrainingMaster::close);
      master = Optional.empty();
      if (token.isPresent() && !killed) {
        master = Optional.of(lead(this, token.getAsLong()));
      }
    }

    /** Leads again, if it still is to. */
    void again() {
      if (!killed) {
        environment.eventLoop("again").schedule(20_000_000, () -> changed(election.fencingToken()));
      }
    }

    @Override
    public void close() {
      killed = true;
      environment.close();
    }
  }

  private final Path directory;
  private final TrainingOptions options;
  private final Optimizer optimizer;
  private final float[] initial;
  private final long steps;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Environment> workers = new ArrayList<>();
  private final BlockingQueue<Step> taken = new LinkedBlockingQueue<>();
  private final BlockingQueue<TrainingReport> reports = new LinkedBlockingQueue<>();

  Failover(
      Path directory,
      TrainingOptions options,
      Optimizer optimizer,
      float[] initial,
      long steps,
      BatchSource<B> batches,
      GradientFunction<B> function) {
    this.directory = directory;
    this.options = options;
    this.optimizer = optimizer;
    this.initial = initial;
    this.steps = steps;
    NODES.forEach(id -> nodes.add(new Node(id)));
    for (Node one : nodes) {
      for (Node other : nodes) {
        if (one != other) {
          one.environment.transport().setPeer(other.id, other.environment.transport().address());
        }
      }
    }
    nodes.forEach(Node::start);
    for (int i = 0; i < 2; i++) {
      Environment worker = environment(NodeId.of("w" + i));
      workers.add(worker);
      nodes.forEach(
          node -> worker.transport().setPeer(node.id, node.environment.transport().address()));
      TrainingWorker.start(
          worker, options, initial.length, function, batches, this::whoLeads, 2);
    }
  }

  private TrainingMaster lead(Node node, long term) {
    TrainingMaster master =
        TrainingMaster.start(
            node.environment,
            options,
            optimizer,
            term,
            initial,
            steps,
            Optional.of(node.checkpoints),
            new TrainingListener() {
              @Override
              public void onStep(StepStats stats) {
                taken.add(new Step(node.id, stats, System.nanoTime()));
              }
            });
    master
        .report()
        .whenComplete(
            (report, failure) -> {
              if (failure == null) {
                reports.add(report);
              } else if (failure.getCause() instanceof RefusedException) {
                // Too few of the others have answered which checkpoints they have.
                node.again();
              }
            });
    return master;
  }

  private Optional<NodeId> whoLeads() {
    return nodes.stream()
        .filter(node -> !node.killed && node.election.isLeader())
        .map(node -> node.id)
        .findFirst();
  }

  /** The next step that is taken, whoever leads. */
  Step nextStep() throws InterruptedException {
    Step step = taken.poll(60, TimeUnit.SECONDS);
    if (step == null) {
      throw new AssertionError("no step within a minute");
    }
    return step;
  }

  /**
   * Kills {@code master}.
   *
   * @return nanoseconds until a successor has taken its first step, and until it has taken one more
   *     than {@code reached}
   */
  long[] kill(NodeId master, long reached) throws InterruptedException {
    long killedNanos = System.nanoTime();
    nodes.stream().filter(node -> node.id.equals(master)).forEach(Node::close);
    long first = 0;
    while (true) {
      Step step = nextStep();
      if (!step.master().equals(master)) {
        first = first == 0 ? step.atNanos() - killedNanos : first;
        if (step.stats().step() > reached) {
          return new long[] {first, step.atNanos() - killedNanos};
        }
      }
    }
  }

  TrainingReport report() throws InterruptedException {
    TrainingReport report = reports.poll(2, TimeUnit.MINUTES);
    if (report == null) {
      throw new AssertionError("not done within two minutes");
    }
    return report;
  }

  private Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "failover")
            .withListen(new Address("127.0.0.1", 0))
            .insecure()
            .withDataDirectory(directory.resolve(id.value())));
  }

  static TrainingOptions options(TrainingOptions options, int checkpointEvery) {
    return options.withLimits(
        new TrainingOptions.Limits(
            Duration.ofSeconds(60), Duration.ofSeconds(1), checkpointEvery, 3));
  }

  @Override
  public void close() {
    workers.forEach(Environment::close);
    nodes.forEach(Node::close);
  }
}
