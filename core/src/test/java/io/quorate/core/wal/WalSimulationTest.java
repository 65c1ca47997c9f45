package io.quorate.core.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random operations on the simulator's disk under crashes, kills, failing calls and failing syncs,
 * against {@link WalModel}. What has been recovered must survive the next loss of power as well: a
 * tail that was only in the page cache, or whose sync had failed, is written again before it is
 * trusted (item 32 of the consensus list).
 */
class WalSimulationTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final NodeId NODE = NodeId.of("n1");
  private static final int CYCLES = 12;

  /** Faults and rare branches that have happened, over all seeds. */
  private static final TreeMap<String, Integer> SEEN = new TreeMap<>();

  @ParameterizedTest
  @ValueSource(longs = {0, 1_000, 2_000, 3_000, 4_000, 5_000})
  void what_is_durable_survives_everything_and_what_survives_is_a_prefix(long firstSeed) {
    for (long seed = firstSeed; seed < firstSeed + 15; seed++) {
      try {
        new Run(seed).go();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
    assertThat(SEEN)
        .containsKeys("crash", "kill", "kill, then crash", "failed sync", "failed call", "close")
        .containsKeys("full disk", "wal.full", "wal.torn-tail", "wal.trim", "wal.copy", "wal.recycle")
        .containsKey("wal.wait-for-segment");
  }

  @Test
  void the_same_seed_gives_the_same_run() {
    assertThat(new Run(77).go()).isEqualTo(new Run(77).go()).isNotEqualTo(new Run(78).go());
  }

  private static final class Run {
    private final Random random;
    private final Simulation sim;
    private final SimNode<CompletableFuture<WriteAheadLog>> node;
    private final WalModel model = new WalModel();
    private final WalOptions options;
    private WriteAheadLog wal;

    Run(long seed) {
      random = new Random(seed);
      options =
          new WalOptions("c/n1", 1024 << random.nextInt(3), 256, 2048 << random.nextInt(5), 500);
      sim = Simulation.seeded(seed);
      node =
          sim.node(
              NODE, env -> WriteAheadLog.open(env, "wal", env.eventLoop("owner"), options));
    }

    /** Runs to the end and returns the digest of all that happened. */
    long go() {
      try (sim) {
        for (int cycle = 0; cycle < CYCLES; cycle++) {
          live(random.nextInt(60));
          die();
        }
        sim.probes().counts().forEach((point, count) -> SEEN.merge(point, 1, Integer::sum));
        return sim.digest();
      }
    }

    /** Opens, compares, and works for a while. */
    private void live(int operations) {
      node.restart();
      wal = sim.await(node.service(), LIMIT);
      model.recovered(describe(), model.count());
      try {
        for (int i = 0; i < operations && node.isRunning(); i++) {
          model.performRandom(wal, random, 4);
          if (random.nextInt(3) == 0) {
            sim.run(Duration.ofNanos(1 + random.nextInt(300_000)));
          }
        }
      } catch (RefusedException e) {
        sim.run(Duration.ofMillis(1));
      }
    }

    private void die() {
      switch (random.nextInt(7)) {
        case 0 -> {
          node.crash();
          forgetUnsynced("crash");
        }
        case 1 -> {
          node.kill();
          forgetUnsynced("kill");
        }
        case 2 -> {
          node.kill();
          forgetUnsynced("kill");
          node.restart();
          wal = sim.await(node.service(), LIMIT);
          model.recovered(describe(), 0);
          node.crash();
          seen("kill, then crash");
        }
        case 3 -> failing("failed sync", () -> node.disk().failNextSync());
        case 4 -> failing("failed call", () -> node.disk().failAt(1 + random.nextInt(12)));
        case 5 -> failing("full disk", () -> node.disk().freeBytes(random.nextInt(3_000)));
        default -> {
          sim.await(wal.shutdown(), LIMIT);
          node.crash();
          seen("close");
        }
      }
      node.disk().heal();
    }

    /** Goes on until the log has stopped, then ends the process in either way. */
    private void failing(String fault, Runnable arm) {
      arm.run();
      try {
        for (int i = 0; i < 40 && wal.failure().isEmpty(); i++) {
          model.performRandom(wal, random, 4);
          sim.run(Duration.ofMillis(1));
        }
      } catch (RefusedException e) {
        sim.run(Duration.ofMillis(1));
      } catch (StorageException e) {
        assertThat(wal.failure()).isPresent();
      }
      if (random.nextBoolean()) {
        node.crash();
      } else {
        node.kill();
      }
      forgetUnsynced(fault);
    }

    /** The process is gone: of what was not durable any prefix may have survived. */
    private void forgetUnsynced(String how) {
      seen(how);
      int durable = model.durableCount(wal.durablePosition());
      node.disk().heal();
      node.restart();
      wal = sim.await(node.service(), LIMIT);
      model.recovered(describe(), durable);
      node.crash();
    }

    private static void seen(String fault) {
      SEEN.merge(fault, 1, Integer::sum);
    }

    private String describe() {
      StringBuilder text = new StringBuilder();
      for (long id : wal.logIds()) {
        LogicalLog log = wal.log(id);
        List<String> entries = new ArrayList<>();
        while (log.firstIndex() + entries.size() < log.nextIndex()) {
          long from = log.firstIndex() + entries.size();
          entries.addAll(WalHarness.texts(sim.await(log.read(from, 1_000), LIMIT)));
        }
        WalModel.describe(
            text, id, log.firstIndex(), entries, log.state().map(WalHarness::text));
      }
      return text.toString();
    }
  }
}
