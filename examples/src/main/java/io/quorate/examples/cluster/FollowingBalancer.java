package io.quorate.examples.cluster;

import io.quorate.core.NodeId;
import io.quorate.core.membership.Member;
import io.quorate.core.membership.MembershipEvent;
import io.quorate.core.membership.MembershipListener;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.Replica;
import java.util.List;

/**
 * Keeps the replicas of a balancer those present members that have one role. A suspected one stays,
 * marked as unhealthy: it may refute, and then it does not start anew.
 *
 * <p>Subscribe it where events come one at a time, such as an event loop.
 */
public final class FollowingBalancer implements MembershipListener {
  private final LoadBalancer<NodeId> balancer;
  private final String role;

  /** {@code balancer} is told of the members with {@code role}. */
  public FollowingBalancer(LoadBalancer<NodeId> balancer, String role) {
    this.balancer = balancer;
    this.role = role;
  }

  @Override
  public void onEvent(MembershipEvent event) {
    List<Member> serving = event.view().present(Roles.with(role));
    balancer.set(
        serving.stream()
            .map(member -> Replica.of(member.id()).withZone(Roles.zoneOf(member)))
            .toList());
    NodeId changed = event.member().id();
    boolean serves = serving.stream().anyMatch(member -> member.id().equals(changed));
    if (serves && event.kind() == MembershipEvent.Kind.SUSPECTED) {
      balancer.health(changed, false);
    } else if (serves && event.kind() == MembershipEvent.Kind.REFUTED) {
      balancer.health(changed, true);
    }
  }
}
