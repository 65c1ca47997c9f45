package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Text;
import io.quorate.replication.replica.CellTable;
import io.quorate.replication.replica.Repair;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything by which a node follows the placement, and has it changed. Belongs to the loop. */
final class Placing implements PlacementFollower.Steps, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Placing.class);

  private final EventLoop loop;
  private final CellTable table;
  private final Repair repair;
  private final Runnable onChange;
  private final PlacementFollower follower;
  private final Mover mover;
  private final Changes changes;

  /**
   * Begins to follow.
   *
   * @param onChange told when the table has gone over to another placement
   */
  Placing(
      Environment environment,
      EventLoop loop,
      CellTable table,
      Repair repair,
      PlacementRegister register,
      QuorumOptions options,
      Runnable onChange) {
    this.loop = loop;
    this.table = table;
    this.repair = repair;
    this.onChange = onChange;
    String directory = options.local().directory();
    this.mover =
        new Mover(environment, loop, table, repair, register, this::found, options.moves());
    environment.metrics().gauge("quorum_placement_epoch", this::epoch);
    environment.metrics().gauge("quorum_keys_moved_away", table::strayCount);
    this.changes =
        new Changes(environment, loop, register, mover, options, this::state, this::found);
    this.follower =
        new PlacementFollower(
            loop,
            register,
            new PlacementFile(environment.storage(), directory),
            environment.blockingExecutor(Text.nameOfPath(directory) + "-placement"),
            this);
  }

  PlacementState state() {
    return ((PlacementTopology) table.topology()).state();
  }

  Changes changes() {
    return changes;
  }

  /** There may be a newer state in the register. */
  void look() {
    follower.look();
  }

  private void found(PlacementState state) {
    follower.offer(state);
  }

  @Override
  public long epoch() {
    return table.topology().epoch();
  }

  @Override
  public CompletableFuture<Void> prepare(PlacementState next) {
    return table.prepare(new PlacementTopology(next), loop);
  }

  @Override
  public void adopt(PlacementState next) {
    table.adopt();
    log.info(
        "goes by the placement epoch={} nodes={} moving={}",
        next.epoch(),
        next.nodes(),
        next.isMoving());
    repair.topologyChanged();
    mover.stateChanged();
    onChange.run();
    changes.stateChanged();
  }

  @Override
  public void close() {
    follower.close();
    changes.close();
    mover.close();
  }
}
