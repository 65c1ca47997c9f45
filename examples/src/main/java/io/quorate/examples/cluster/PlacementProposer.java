package io.quorate.examples.cluster;

import io.quorate.core.NodeId;
import io.quorate.core.membership.Member;
import io.quorate.core.membership.View;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.PlacementChange;
import io.quorate.replication.quorum.PlacementRegister;
import io.quorate.replication.quorum.PlacementState;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Proposes that storage members which gossip has found take part in the placement. Any node may,
 * and several at once: the register takes one proposal for an epoch, and none from a side of a
 * partition that has no majority. A member that gossip believes dead is not removed: it may be the
 * only one that holds something, and whether it is lost is for an operator to say.
 */
public final class PlacementProposer {
  private final PlacementRegister register;
  private final String role;

  /** Proposes members with {@code role} to {@code register}. */
  public PlacementProposer(PlacementRegister register, String role) {
    this.register = register;
    this.role = role;
  }

  /**
   * Proposes the first member of {@code view} that is not placed yet, if no keys are moving.
   *
   * @return the state that was put; empty if there was nothing to propose or another came first.
   *     Fails as the register does
   */
  public CompletableFuture<Optional<PlacementState>> propose(View view) {
    return register
        .read()
        .thenCompose(
            state ->
                state
                    .flatMap(known -> next(known, view))
                    .map(this::put)
                    .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty())));
  }

  private Optional<PlacementState> next(PlacementState state, View view) {
    if (state.isMoving()) {
      return Optional.empty();
    }
    return view.present(Roles.with(role)).stream()
        .map(Member::id)
        .filter(id -> !state.nodes().contains(id))
        .findFirst()
        .map(newcomer -> state.moveTo(with(state.current(), newcomer)));
  }

  private static Placement with(Placement placement, NodeId newcomer) {
    return PlacementChange.add(newcomer).applyTo(placement);
  }

  private CompletableFuture<Optional<PlacementState>> put(PlacementState next) {
    return register
        .compareAndSet(next)
        .thenApply(put -> put ? Optional.of(next) : Optional.empty());
  }
}
