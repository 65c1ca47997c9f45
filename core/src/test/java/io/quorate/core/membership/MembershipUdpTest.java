package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The driver over real sockets, with real timers, which are late. */
class MembershipUdpTest {
  private final List<Environment> environments = new ArrayList<>();
  private final List<Membership> members = new ArrayList<>();

  @AfterEach
  void close() {
    members.forEach(Membership::close);
    environments.forEach(Environment::close);
  }

  @Test
  void members_find_each_other_and_notice_one_that_falls_silent() throws Exception {
    int port = start(0);
    start(port);
    start(port);
    CompletableFuture<Void> allIn = new CompletableFuture<>();
    CompletableFuture<NodeId> died = new CompletableFuture<>();
    members.get(0).subscribe(
        environments.get(0).blockingExecutor("listener"),
        event -> {
          if (event.view().present().size() == 3) {
            allIn.complete(null);
          }
          if (event.kind() == MembershipEvent.Kind.DIED) {
            died.complete(event.member().id());
          }
        });
    allIn.get(60, TimeUnit.SECONDS);

    members.get(2).close();

    assertThat(died.get(60, TimeUnit.SECONDS)).isEqualTo(NodeId.of("n2"));
  }

  @Test
  void to_leave_or_close_after_the_environment_has_closed_completes_both_futures()
      throws Exception {
    start(0);
    environments.add(Environment.real(EnvironmentOptions.of(NodeId.of("lost"), "udp")));
    Membership lost =
        Membership.join(
            environments.get(1),
            MembershipOptions.of("udp", new Address("127.0.0.1", 0))
                .withSeeds(List.of(new Address("127.0.0.1", 1))));

    environments.get(1).close();
    CompletableFuture<Void> left = lost.leave();
    lost.close();

    assertThat(left.get(60, TimeUnit.SECONDS)).isNull();
    assertThatThrownBy(() -> lost.joined().get(60, TimeUnit.SECONDS))
        .hasMessageContaining("membership was closed");
  }

  /** Starts one more member with a seed, unless {@code seedPort} is 0; returns its own port. */
  private int start(int seedPort) throws Exception {
    Environment environment =
        Environment.real(EnvironmentOptions.of(NodeId.of("n" + members.size()), "udp"));
    environments.add(environment);
    MembershipOptions options = MembershipOptions.of("udp", new Address("127.0.0.1", 0));
    Membership membership =
        Membership.join(
            environment,
            seedPort == 0
                ? options
                : options.withSeeds(List.of(new Address("127.0.0.1", seedPort))));
    members.add(membership);
    membership.joined().get(60, TimeUnit.SECONDS);
    return membership.view().member(environment.self()).orElseThrow().address().port();
  }
}
