package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.sim.Fault.Kind;
import io.quorate.core.storage.StorageException;
import io.quorate.core.wal.LogicalLog;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The real write-ahead log on the simulated disk: what it called durable survives any crash. */
class SimulatedLogTest {
  private static final NodeId NODE = NodeId.of("n1");
  private static final Set<Kind> CRASHES =
      EnumSet.of(
          Kind.CRASH,
          Kind.CRASH_AT_CALL,
          Kind.KILL,
          Kind.PAUSE,
          Kind.STALL,
          Kind.SYNC_ERROR,
          Kind.CALL_ERROR,
          Kind.DISK_FULL);
  private static final Swarm SWARM =
      Swarm.defaults()
          .withNodes(1, 1)
          .withDuration(Duration.ofSeconds(5))
          .withOperationsPerSecond(100)
          .withMeanFaults(6)
          .withKinds(CRASHES);

  /** One process with a log; entries are their own numbers. */
  private static final class Writer {
    private final EventLoop loop;
    private LogicalLog log;
    private Throwable failure;

    Writer(Environment env) {
      loop = env.eventLoop("writer");
      WriteAheadLog.open(
              env, "log", loop, WalOptions.of("test").withSegmentBytes(4_096).withCacheBytes(0))
          .whenComplete(
              (wal, problem) -> {
                failure = problem;
                log = problem == null ? wal.log(0) : null;
              });
    }
  }

  /** What the test knows of the log: entries up to {@code durable} must survive. */
  private static final class Ledger {
    private long durable;
    private long recoveries;

    void append(Writer writer, long number) {
      if (writer.log == null) {
        return;
      }
      writer.loop.execute(
          () -> {
            try {
              LogicalLog log = writer.log;
              long index = log.nextIndex();
              byte[] entry = new byte[(int) (20 + number % 300)];
              byte[] head = new ByteWriter().int64(index).toByteArray();
              System.arraycopy(head, 0, entry, 0, head.length);
              log.durable(log.append(entry))
                  .whenComplete(
                      (done, failure) -> {
                        if (failure == null) {
                          durable = Math.max(durable, index);
                        }
                      });
            } catch (StorageException | RefusedException e) {
              // A log that has stopped, or a disk that is full, has promised nothing.
            }
          });
    }

    void verify(Simulation sim, SimNode<Writer> node) {
      Writer writer = node.service();
      LogicalLog log = writer.log;
      assertThat(log.nextIndex()).isGreaterThan(durable);
      List<byte[]> entries = new ArrayList<>();
      while (log.firstIndex() + entries.size() < log.nextIndex()) {
        long from = log.firstIndex() + entries.size();
        entries.addAll(sim.await(log.read(from, 1 << 20), Duration.ofSeconds(10)));
      }
      for (int i = 0; i < entries.size(); i++) {
        assertThat(new ByteReader(entries.get(i)).int64()).isEqualTo(i + 1L);
      }
      durable = Math.max(durable, entries.size());
      recoveries++;
    }
  }

  private static void run(Simulation sim, FaultPlan plan) {
    Ledger ledger = new Ledger();
    SimNode<Writer> node = sim.node(NODE, Writer::new);
    FaultInjector injector =
        new FaultInjector(
            sim,
            plan,
            number -> {
              if (node.isRunning()) {
                ledger.append(node.service(), number);
              }
            });
    injector.run();
    injector.heal();
    for (int i = 0; i < 3; i++) {
      node.crash();
      node.restart();
      sim.runUntil(
          () -> node.service().log != null || node.service().failure != null,
          Duration.ofSeconds(30));
      assertThat(node.service().failure).isNull();
      ledger.verify(sim, node);
      ledger.append(node.service(), i);
      sim.run(Duration.ofMillis(i));
    }
    assertThat(ledger.recoveries).isEqualTo(3);
  }

  @Test
  void whatever_was_durable_survives_every_mix_of_crashes_and_errors_in_order_and_without_gaps() {
    Campaign.Summary summary =
        Campaign.of(SWARM, SimulatedLogTest::run)
            .seeds(0, 150)
            .mustReach("fault.CRASH", "fault.CRASH_AT_CALL", "fault.SYNC_ERROR", "fault.DISK_FULL")
            .run();

    assertThat(summary.eventCount()).isGreaterThan(100_000);
  }

  @Test
  void a_disk_that_loses_synced_writes_is_noticed_which_shows_that_the_test_looks() {
    int noticed = 0;
    for (int seed = 0; seed < 40; seed++) {
      Simulation sim = Simulation.seeded(seed);
      FaultPlan plan = SWARM.withKinds(Set.of()).draw(seed);
      sim.at(Duration.ofSeconds(4), () -> sim.node(NODE).disk().loseNextWrite());
      try {
        run(sim, plan);
      } catch (AssertionError e) {
        noticed++;
      }
    }
    assertThat(noticed).isGreaterThan(10);
  }
}
