package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * One of three nodes crashes before, or fails at, each call that it makes to its disk, one run for
 * each call: while it leads, while it follows, and in the midst of snapshots. Then everything
 * restarts.
 */
class DiskSweepTest {
  /** Every so many calls are tried; with 1, all of them. */
  private static final int STRIDE = Integer.getInteger("raft.sweep.stride", 4);

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int ADDS = 12;
  private static final RaftOptions OPTIONS =
      RaftOptions.defaults().withMaxCommandBytes(1_024).withSnapshotLogBytes(400);

  private interface Harm {
    void to(SimNode<CounterCluster.Service> node, long call);
  }

  @Test
  void item_33_a_crash_of_one_node_at_any_call_of_its_disk_loses_nothing_and_none_parts() {
    assertThat(sweep("crash before call ", (node, call) -> node.disk().crashBefore(call)))
        .isGreaterThan(100 / STRIDE);
  }

  @Test
  void item_33_a_failure_of_any_call_of_one_node_s_disk_loses_nothing_and_none_parts() {
    assertThat(sweep("failure of call ", (node, call) -> node.disk().failAt(call)))
        .isGreaterThan(100 / STRIDE);
  }

  /** Returns how many runs there were. */
  private static int sweep(String what, Harm harm) {
    int runs = 0;
    for (int victim = 0; victim < 3; victim++) {
      long calls = callsOfARun(victim);
      for (long call = 1 + victim; call <= calls; call += STRIDE) {
        survives(what + call + " of node " + victim, victim, call, harm);
        runs++;
      }
    }
    return runs;
  }

  private static long callsOfARun(int victim) {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 3, OPTIONS)) {
      long before = cluster.nodes.get(victim).disk().callCount();
      work(cluster);
      return cluster.nodes.get(victim).disk().callCount() - before;
    }
  }

  private static void survives(String what, int victim, long call, Harm harm) {
    try (CounterCluster cluster = new CounterCluster(Simulation.seeded(2), 3, OPTIONS)) {
      harm.to(cluster.nodes.get(victim), call);
      long acknowledged = work(cluster);
      for (SimNode<CounterCluster.Service> node : cluster.nodes) {
        node.disk().heal();
        node.crash();
        node.restart();
      }

      long value = cluster.read(0, Read.LINEARIZABLE);

      assertThat(value).as(what).isBetween(acknowledged, (long) ADDS);
      for (int i = 1; i < 3; i++) {
        assertThat(cluster.read(i, Read.LINEARIZABLE)).as(what).isEqualTo(value);
      }
    }
  }

  /** Adds one, on one node after the other; returns how many were acknowledged. */
  private static long work(CounterCluster cluster) {
    long acknowledged = 0;
    for (int i = 0; i < ADDS; i++) {
      List<SimNode<CounterCluster.Service>> nodes = cluster.nodes;
      SimNode<CounterCluster.Service> node = nodes.get(i % 3);
      if (!node.isRunning() || node.service().counter().failure().isPresent()) {
        continue;
      }
      CompletableFuture<Long> added = node.service().counter().submit(1L);
      cluster.simulation.runUntil(() -> added.isDone() || !node.isRunning(), LIMIT);
      acknowledged += added.isDone() && !added.isCompletedExceptionally() ? 1 : 0;
    }
    return acknowledged;
  }
}
