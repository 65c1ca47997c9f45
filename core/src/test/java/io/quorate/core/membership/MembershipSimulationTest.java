package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.membership.MembershipEvent.Kind;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.transport.Address;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
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

    nodes.get(0).service().subscribe(
        environment.eventLoop("bad"),
        event -> {
          throw new IllegalStateException("a bad listener");
        });
    nodes.get(0).service().subscribe(
        environment.eventLoop("good"),
        event -> heard.add(event.kind() + " " + event.member().id()));
    sim.run(Duration.ofMillis(100));
    nodes.get(1).service().leave();
    sim.run(Duration.ofSeconds(3));

    assertThat(heard).contains(Kind.LEFT + " n1");
    assertThat(nodes.get(0).service().view().present()).hasSize(2);
  }

  @Test
  void p24_a_slow_listener_hears_everything_in_order_and_delays_nobody() {
    startNodes(4);
    List<Runnable> later = new ArrayList<>();
    nodes.get(0).service().subscribe(
        later::add,
        event -> heard.add(event.kind() + " " + event.member().id() + " "
            + event.member().metadata().getOrDefault("v", "")));
    sim.run(Duration.ofMillis(100));
    for (int i = 0; i < 20; i++) {
      nodes.get(2).service().setMetadata(Map.of("v", "" + i));
      sim.run(Duration.ofSeconds(2));
    }
    nodes.get(3).crash();
    sim.run(Duration.ofSeconds(10));

    // It has not run at all, and still the view has gone on.
    assertThat(heard).isEmpty();
    assertThat(nodes.get(0).service().view().present()).hasSize(3);
    while (!later.isEmpty()) {
      later.remove(0).run();
    }
    List<String> expected = new ArrayList<>(
        List.of("JOINED n0 ", "JOINED n1 ", "JOINED n2 ", "JOINED n3 "));
    for (int i = 0; i < 20; i++) {
      expected.add("UPDATED n2 " + i);
    }
    expected.addAll(List.of("SUSPECTED n3 ", "DIED n3 "));
    assertThat(heard).containsExactlyElementsOf(expected);
  }

  @Test
  void a_listener_that_is_too_far_behind_is_given_up_and_counted() {
    startNodes(1);
    MetricsRegistry metrics = new MetricsRegistry();
    Listening listening =
        new Listening(
            task -> {},
            event -> heard.add("never"),
            metrics.counter("membership_failed_listeners"));
    View view = nodes.get(0).service().view();
    MembershipEvent event =
        new MembershipEvent(Kind.UPDATED, view.present().get(0), view);

    for (int i = 0; i < Membership.MAX_WAITING_EVENTS; i++) {
      listening.tell(event);
    }
    assertThat(listening.isClosed()).isFalse();
    listening.tell(event);

    assertThat(listening.isClosed()).isTrue();
    assertThat(metrics.value("membership_failed_listeners")).isEqualTo(1);
    assertThat(heard).isEmpty();
  }

  @Test
  void a_listener_that_dies_of_an_error_is_given_up_and_counted() {
    startNodes(1);
    MetricsRegistry metrics = new MetricsRegistry();
    List<Runnable> later = new ArrayList<>();
    AssertionError error = new AssertionError("a broken listener");
    Listening listening =
        new Listening(
            later::add,
            event -> {
              throw error;
            },
            metrics.counter("membership_failed_listeners"));
    View view = nodes.get(0).service().view();
    listening.tell(new MembershipEvent(Kind.UPDATED, view.present().get(0), view));

    assertThatThrownBy(() -> later.remove(0).run()).isSameAs(error);

    assertThat(listening.isClosed()).isTrue();
    assertThat(metrics.value("membership_failed_listeners")).isEqualTo(1);
  }

  @Test
  void of_two_live_nodes_with_one_id_the_newcomer_is_told_and_the_first_stays() {
    startNodes(3);
    Membership second =
        Membership.join(
            nodes.get(2).environment(),
            MembershipOptions.of("test", new Address(addressOf("n2").host(), PORT + 1))
                .withKey(new byte[32])
                .withSeeds(List.of(addressOf("n0"))));

    sim.run(Duration.ofSeconds(5));

    assertThat(second.joined()).isCompletedExceptionally();
    assertThatThrownBy(() -> second.stopped().join())
        .hasMessageContaining("node id n2 is taken by a live node");
    assertThat(nodes.get(0).service().view().present()).hasSize(3);
    assertThat(nodes.get(2).service().stopped()).isNotDone();
  }

  @Test
  void beyond_this_machine_a_key_is_needed_or_to_be_told_otherwise() {
    startNodes(1);
    Environment environment = nodes.get(0).environment();
    MembershipOptions open =
        MembershipOptions.of("test", new Address(addressOf("n0").host(), PORT + 2));

    assertThatThrownBy(() -> Membership.join(environment, open))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key must be given to take part at");

    Membership.join(environment, open.unauthenticated()).close();
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
  void garbage_and_datagrams_of_other_clusters_keys_and_versions_are_dropped_and_counted() {
    startNodes(2);
    Environment stranger = sim.environment(NodeId.of("stranger"));
    stranger
        .datagrams()
        .bind(new Address(SimNode.addressOf(NodeId.of("stranger")).host(), PORT),
            stranger.eventLoop("garbage"), (from, payload) -> {})
        .send(addressOf("n0"), new byte[] {1, 2, 3});
    Membership.join(
        stranger,
        MembershipOptions.of("other", new Address(addressOf("stranger").host(), PORT + 1))
            .withKey(new byte[32])
            .withSeeds(List.of(addressOf("n0"))));
    Membership.join(
        stranger,
        MembershipOptions.of("test", new Address(addressOf("stranger").host(), PORT + 2))
            .withKey("another shared key".getBytes(StandardCharsets.US_ASCII))
            .withSeeds(List.of(addressOf("n0"))));

    sim.run(Duration.ofSeconds(2));

    assertThat(nodes.get(0).service().view().present()).hasSize(2);
    // The garbage, and what the two strangers asked several times.
    MetricsRegistry metrics = (MetricsRegistry) nodes.get(0).environment().metrics();
    assertThat(metrics.value("membership_dropped_datagrams")).isGreaterThan(4);
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
    // A name may begin as a number does.
    assertThatThrownBy(
            () -> MembershipOptions.of("c", new Address("127.a.b", 1)).requireAuthenticated())
        .hasMessageContaining("key must be given");
    assertThatThrownBy(() -> timing(Duration.ZERO, Duration.ofHours(1)))
        .hasMessageContaining("probeInterval must be more than 0 and at most PT1H, was PT0S");
    assertThatThrownBy(
            () -> timing(Duration.ofSeconds(1), ChronoUnit.FOREVER.getDuration()))
        .hasMessageContaining("forgetAfter must be more than 0 and at most");
  }

  private static MembershipOptions.Timing timing(Duration probeInterval, Duration forgetAfter) {
    Duration shortly = Duration.ofMillis(1);
    return new MembershipOptions.Timing(
        probeInterval, shortly, 3, shortly, 3, 4, shortly, forgetAfter);
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
