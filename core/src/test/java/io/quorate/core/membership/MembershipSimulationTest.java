package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.membership.MembershipEvent.Kind;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The driver, over real datagrams of bytes, on virtual time. */
class MembershipSimulationTest {
  private static final int PORT = 7_946;

  private final Simulation sim = Simulation.seeded(7);
  private final List<SimNode<Membership>> nodes = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();

  @Test
  void members_join_by_a_seed_and_all_views_agree() {
    startNodes(5);

    for (SimNode<Membership> node : nodes) {
      assertThat(node.service().joined()).isCompleted();
      assertThat(node.service().view().present()).hasSize(5);
    }
  }

  @Test
  void a_crash_is_noticed_everywhere_and_a_restart_is_a_member_again() {
    startNodes(5);

    nodes.get(3).crash();
    sim.run(Duration.ofSeconds(15));
    assertThat(nodes.get(1).service().view().member(NodeId.of("n3")).orElseThrow().state())
        .isEqualTo(MemberState.DEAD);

    nodes.get(3).restart();
    sim.run(Duration.ofSeconds(5));

    for (SimNode<Membership> node : nodes) {
      assertThat(node.service().view().present()).hasSize(5);
    }
  }

  @Test
  void a_listener_hears_of_those_present_and_then_of_every_change_in_order() {
    startNodes(4);
    Environment environment = nodes.get(0).environment();
    Membership membership = nodes.get(0).service();

    membership.subscribe(
        environment.eventLoop("listener"),
        event -> heard.add(event.kind() + " " + event.member().id()));
    sim.run(Duration.ofMillis(100));
    nodes.get(2).service().setMetadata(Map.of("zone", "b"));
    sim.run(Duration.ofSeconds(2));
    nodes.get(2).service().leave();
    sim.run(Duration.ofSeconds(3));

    assertThat(heard)
        .containsExactly(
            Kind.JOINED + " n0",
            Kind.JOINED + " n1",
            Kind.JOINED + " n2",
            Kind.JOINED + " n3",
            Kind.UPDATED + " n2",
            Kind.LEFT + " n2");
  }

  @Test
  void a_listener_that_throws_does_not_stop_the_others_or_the_protocol() {
    startNodes(3);
    Environment environment = nodes.get(0).environment();
    sim.tolerate(IllegalStateException.class::isInstance);

    nodes.get(0).service().subscribe(
        environment.eventLoop("bad"),
        event -> {
          throw new IllegalStateException("a bad listener");
        });
    nodes.get(0).service().subscribe(
        environment.eventLoop("good"), event -> heard.add(event.kind() + " " + event.member().id()));
    sim.run(Duration.ofMillis(100));
    nodes.get(1).service().leave();
    sim.run(Duration.ofSeconds(3));

    assertThat(heard).contains(Kind.LEFT + " n1");
    assertThat(nodes.get(0).service().view().present()).hasSize(2);
  }

  @Test
  void leaving_completes_and_closing_is_idempotent() {
    startNodes(3);
    Membership leaver = nodes.get(2).service();

    sim.await(leaver.leave(), Duration.ofSeconds(5));
    leaver.close();
    leaver.close();

    assertThat(leaver.stopped()).isCompleted();
  }

  @Test
  void garbage_is_counted_and_dropped() {
    startNodes(2);
    Environment stranger = sim.environment(NodeId.of("stranger"));
    stranger
        .datagrams()
        .bind(new Address(SimNode.addressOf(NodeId.of("stranger")).host(), PORT),
            stranger.eventLoop("garbage"), (from, payload) -> {})
        .send(addressOf("n0"), new byte[] {1, 2, 3});

    sim.run(Duration.ofSeconds(2));

    assertThat(nodes.get(0).service().view().present()).hasSize(2);
  }

  @Test
  void nonsensical_options_are_refused_by_name() {
    Address bind = new Address("127.0.0.1", 0);
    assertThatThrownBy(() -> MembershipOptions.of("", bind)).hasMessageContaining("cluster");
    assertThatThrownBy(() -> MembershipOptions.of("c", new Address("0.0.0.0", 1)))
        .hasMessageContaining("advertise");
    assertThatThrownBy(() -> MembershipOptions.of("c", bind).withKey(new byte[3]))
        .hasMessageContaining("key must be at least 16 bytes, was 3");
    assertThatThrownBy(
            () -> MembershipOptions.of("c", bind).withMetadata(Map.of("m", "x".repeat(600))))
        .hasMessageContaining("metadata must be at most 512 bytes");
    assertThat(MembershipOptions.of("c", bind).withKey(new byte[16]).toString())
        .doesNotContain("key");
  }

  private void startNodes(int count) {
    for (int i = 0; i < count; i++) {
      nodes.add(sim.node(NodeId.of("n" + i), this::join));
    }
    sim.run(Duration.ofSeconds(3));
  }

  private Membership join(Environment environment) {
    String self = environment.self().value();
    MembershipOptions options =
        MembershipOptions.of("test", addressOf(self)).withKey(new byte[32]);
    return Membership.join(
        environment,
        self.equals("n0") ? options : options.withSeeds(List.of(addressOf("n0"))));
  }

  private static Address addressOf(String node) {
    return new Address(SimNode.addressOf(NodeId.of(node)).host(), PORT);
  }
}
