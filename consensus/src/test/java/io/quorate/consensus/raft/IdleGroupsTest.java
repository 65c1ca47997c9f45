package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many groups that have nothing to do, on real threads, sockets and files. */
class IdleGroupsTest {
  private static final int GROUPS = Integer.getInteger("raft.idle.groups", 100);
  private static final int MAX_THREADS_PER_NODE = 3;
  private static final String LASTING = ".*-(loop.*|watchdog|wal-write.*)";
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);
  private static final List<NodeId> IDS =
      List.of(NodeId.of("idle-a"), NodeId.of("idle-b"), NodeId.of("idle-c"));

  @TempDir Path directory;
  private final List<Environment> environments = new ArrayList<>();

  @AfterEach
  void close() {
    environments.forEach(Environment::close);
  }

  @Test
  void idle_groups_have_neither_threads_nor_timers_and_work_when_they_are_wanted()
      throws Exception {
    List<Raft> rafts = open();
    List<RaftNode<Long, Long, Counter>> replicas = new ArrayList<>();
    for (int group = 0; group < GROUPS; group++) {
      for (Raft raft : rafts) {
        replicas.add(
            raft.group("g" + group).members(IDS).start(new Counter(), Codec.LONG, Codec.LONG));
      }
    }

    await(() -> rafts.stream().allMatch(raft -> raft.pulse().restingGroups() == GROUPS));
    for (NodeId id : IDS) {
      // Threads for files end by themselves some seconds after they have had nothing to do.
      await(() -> threads(id).stream().allMatch(name -> name.matches(LASTING)));
      assertThat(threads(id)).hasSizeLessThanOrEqualTo(MAX_THREADS_PER_NODE);
    }
    for (int group = 0; group < GROUPS; group += 10) {
      RaftNode<Long, Long, Counter> replica = replicas.get(3 * group + group % 3);
      assertThat(replica.submit(5L).get(1, TimeUnit.MINUTES)).isEqualTo(5L);
    }
  }

  private List<Raft> open() {
    List<Raft> rafts = new ArrayList<>();
    for (NodeId id : IDS) {
      environments.add(
          Environment.real(
              EnvironmentOptions.of(id, "idle").withDataDirectory(directory.resolve(id.value()))));
    }
    for (Environment environment : environments) {
      for (Environment peer : environments) {
        if (peer != environment) {
          environment.transport().setPeer(peer.self(), peer.transport().address());
        }
      }
      rafts.add(
          Raft.open(
              environment, RaftOptions.defaults().withOperationTimeout(Duration.ofMinutes(1))));
    }
    return rafts;
  }

  private static List<String> threads(NodeId node) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("quorate-" + node + "-"))
        .toList();
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as("patience").isNegative();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }
}
