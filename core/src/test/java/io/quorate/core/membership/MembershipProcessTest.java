package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The driver in processes of their own, which are stopped and starved. */
class MembershipProcessTest {
  @Test
  void p22_a_process_that_gets_a_slice_now_and_then_is_suspected_and_never_dead() throws Exception {
    int others = 3;
    // From its first second: nothing that it does now has been compiled.
    try (ProcessCluster cluster = new ProcessCluster(1 + others, "ON")) {
      long begin = System.nanoTime();
      AutoCloseable starving = cluster.starve(2, () -> 800, () -> 150);
      cluster.await(
          "each other member has suspected it five times and has heard it refute",
          all -> cluster.count(MembershipEvent.Kind.REFUTED, begin) >= 5 * others);
      starving.close();

      assertThat(cluster.count(MembershipEvent.Kind.DIED, begin)).isZero();
    }
  }

  @Test
  void p22_a_hung_process_is_dead_to_all_others_and_back_once_it_goes_on() throws Exception {
    try (ProcessCluster cluster = new ProcessCluster(4, "ON")) {
      long begin = System.nanoTime();
      cluster.stop(2);
      cluster.awaitEverywhere(MembershipEvent.Kind.DIED, 2, 3, begin);
      long again = System.nanoTime();
      cluster.goOn(2);
      cluster.awaitEverywhere(MembershipEvent.Kind.JOINED, 2, 3, again);

      // The hung one has not taken any of the others for dead, though it heard none for so long.
      assertThat(cluster.heard())
          .filteredOn(heard -> heard.kind() == MembershipEvent.Kind.DIED)
          .allMatch(heard -> heard.member().equals("n2"));
    }
  }
}
