package io.quorate.examples.cluster;

import io.quorate.core.NodeId;
import io.quorate.core.membership.MembershipEvent;
import io.quorate.core.membership.MembershipListener;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.RingOptions;
import java.util.List;
import java.util.Optional;

/**
 * A ring over the present members that have one role, always of the newest view. For what may be
 * anywhere but is best in one place, such as caches; data that must not be lost needs an agreed
 * placement, see {@link PlacementProposer}.
 *
 * <p>Subscribe it where events come one at a time; read it from any thread.
 */
public final class FollowingPartitioner implements MembershipListener {
  private final String role;
  private final RingOptions options;
  private volatile Optional<Partitioner<NodeId>> newest = Optional.empty();

  /** A ring with {@code options} of the members with {@code role}. */
  public FollowingPartitioner(String role, RingOptions options) {
    this.role = role;
    this.options = options;
  }

  /** The ring of the newest view; empty while no member has the role. */
  public Optional<Partitioner<NodeId>> partitioner() {
    return newest;
  }

  @Override
  public void onEvent(MembershipEvent event) {
    List<Member<NodeId>> members =
        event.view().present(Roles.with(role)).stream()
            .map(
                member ->
                    Member.of(member.id(), member.id().value()).withZone(Roles.zoneOf(member)))
            .toList();
    boolean same = newest.map(ring -> ring.members().equals(members)).orElse(members.isEmpty());
    if (!same) {
      newest =
          members.isEmpty()
              ? Optional.empty()
              : Optional.of(ConsistentHashRing.of(members, options));
    }
  }
}
