package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ResourceLeakDetector;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs over real sockets leave no thread and no buffer behind, however they end. */
class TrainingLeakTest {
  private static final NodeId MASTER = NodeId.of("leak-master");
  /** Several pieces for a vector. */
  private static final int PARAMETERS = 300_000;
  private static final int SHARDS = 4;
  private static final int JOBS = 12;
  private static final int LOOKS = 300;

  private final List<String> leaks = new CopyOnWriteArrayList<>();
  private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
  /** What is expected must not look like trouble in the build's output. */
  private final Logger reports = Logger.getLogger(ResourceLeakDetector.class.getName());

  @BeforeEach
  void listen() {
    reports.setUseParentHandlers(false);
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    ByteBufUtil.setLeakListener((type, records) -> leaks.add(type + records));
  }

  @AfterEach
  void stopListening() {
    ByteBufUtil.setLeakListener(null);
    ResourceLeakDetector.setLevel(level);
    reports.setUseParentHandlers(true);
  }

  /** How a job ends. */
  private enum End {
    DONE,
    WORKER_KILLED,
    MASTER_KILLED,
    MASTER_CLOSED
  }

  @Test
  void many_jobs_done_killed_and_closed_leave_nothing_behind() throws Exception {
    for (int job = 0; job < JOBS; job++) {
      run(job, End.values()[job % End.values().length]);
    }

    assertThat(soon(TrainingLeakTest::threads, List::isEmpty)).isEmpty();
    look();
    assertThat(leaks).isEmpty();
  }

  @Test
  void many_jobs_one_after_the_other_on_the_same_nodes_need_the_threads_of_one() throws Exception {
    try (Environment node = environment(MASTER);
        Environment other = environment(NodeId.of("leak-w0"))) {
      other.transport().setPeer(MASTER, node.transport().address());
      train(node, other, 0);
      int before = threads().size();

      for (int job = 1; job < JOBS; job++) {
        train(node, other, job);
      }

      assertThat(threads()).hasSize(before);
    }
  }

  @Test
  void control_a_thread_and_a_buffer_that_are_left_are_found() throws Exception {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Thread left = new Thread(end::join, "quorate-leak-left");
    left.start();
    ByteBufAllocator.DEFAULT.directBuffer(16).writeInt(1);

    assertThat(threads()).containsExactly("quorate-leak-left");
    assertThat(soon(this::look, found -> !found.isEmpty())).isNotEmpty();
    end.complete(null);
    left.join();
  }

  /** A job with nodes of its own: two workers, of whom one may be killed in the middle. */
  private static void run(int number, End end) throws Exception {
    CompletableFuture<Void> middle = new CompletableFuture<>();
    try (Environment node = environment(MASTER);
        Environment a = environment(NodeId.of("leak-a"));
        Environment b = environment(NodeId.of("leak-b"))) {
      TrainingMaster master = master(node, number, 8, middle);
      worker(a, node, number);
      worker(b, node, number);
      middle.get(60, TimeUnit.SECONDS);
      if (end == End.MASTER_KILLED) {
        kill(node);
      } else if (end == End.MASTER_CLOSED) {
        master.close();
      } else {
        if (end == End.WORKER_KILLED) {
          kill(b);
        }
        assertThat(master.report().get(60, TimeUnit.SECONDS).steps()).isEqualTo(8);
      }
    }
  }

  /** Ends a node at once: nothing is said to anybody. */
  private static void kill(Environment node) {
    node.close();
  }

  private static void train(Environment node, Environment other, int number) throws Exception {
    TrainingMaster master = master(node, number, 3, new CompletableFuture<>());
    TrainingWorker worker = worker(other, node, number);
    master.report().get(60, TimeUnit.SECONDS);
    worker.finished().get(60, TimeUnit.SECONDS);
    worker.close();
    master.close();
  }

  private static TrainingMaster master(
      Environment node, int number, long steps, CompletableFuture<Void> middle) {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStep(StepStats stats) {
            if (stats.step() == 3) {
              middle.complete(null);
            }
          }
        };
    return TrainingMaster.start(
        node,
        options(number),
        Optimizer.sgd(0.1),
        1,
        new float[PARAMETERS],
        steps,
        Optional.empty(),
        listener);
  }

  private static TrainingWorker worker(Environment worker, Environment master, int number) {
    worker.transport().setPeer(MASTER, master.transport().address());
    return TrainingWorker.start(
        worker,
        options(number),
        PARAMETERS,
        (model, batch, sum, context) -> {
          sum[context.shard()] = 1;
          return new Loss(1, 1);
        },
        new Nothing(),
        () -> Optional.of(MASTER),
        2);
  }

  private static TrainingOptions options(int number) {
    return TrainingOptions.of("leak-" + number, "constant", SHARDS, 1);
  }

  private record Nothing() implements BatchSource<Integer> {
    @Override
    public Integer batch(long epoch, long step, int shard, int shards) {
      return 1;
    }

    @Override
    public long stepsPerEpoch() {
      return 1;
    }
  }

  private static Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "leaks").withListen(new Address("127.0.0.1", 0)).insecure());
  }

  /** The threads of this test's nodes, whose names they carry. */
  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("quorate-leak-"))
        .sorted()
        .toList();
  }

  /** What was leaked, after looking for more: it is reported when the next buffer is tracked. */
  private List<String> look() {
    System.gc();
    for (int i = 0; i < 16; i++) {
      ByteBufAllocator.DEFAULT.directBuffer(16).release();
    }
    return new ArrayList<>(leaks);
  }

  /** Threads end, and references are cleared, a little later than one asks for it. */
  private static List<String> soon(
      Supplier<List<String>> what, Predicate<List<String>> wanted) {
    List<String> seen = what.get();
    for (int i = 0; i < LOOKS && !wanted.test(seen); i++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      seen = what.get();
    }
    return seen;
  }
}
