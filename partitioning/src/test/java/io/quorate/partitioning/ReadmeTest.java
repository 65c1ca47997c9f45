package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The README's examples: what stands between the marks here stands there too. */
class ReadmeTest {
  private final List<String> streamed = new ArrayList<>();

  private void stream(HashRange range, String from, String to) {
    streamed.add(range + " " + from + " " + to);
  }

  private void send(String node) {
    assertThat(node).startsWith("n");
  }

  @Test
  void placing_and_changing() {
    // readme: placing
    List<Member<String>> members = List.of(
        Member.of("n1").withZone("eu-1"), Member.of("n2").withZone("eu-2"),
        Member.of("n3").withZone("eu-3"), Member.of("n4").withZone("eu-1").withWeight(2));
    Partitioner<String> placement =
        SlotTable.of(members, SlotOptions.defaults().withReplicas(3));

    String owner = placement.ownerOf("user_123");
    List<String> owners = placement.ownersOf("user_123"); // three nodes in three zones

    RebalancePlan<String> plan = placement.with(Member.of("n5").withZone("eu-2"));
    for (Move<String> move : plan.moves()) {
      stream(move.range(), move.from(), move.to());
    }
    placement = plan.after();
    // end

    assertThat(owners).startsWith(owner).hasSize(3);
    assertThat(streamed).isNotEmpty();
    assertThat(placement.epoch()).isEqualTo(2);
  }

  @Test
  void sharing_publishing_and_bounding() {
    Partitioner<String> placement =
        SlotTable.of(Member.all(List.of("n1", "n2", "n3")), SlotOptions.defaults());
    // readme: publishing
    LivePlacement<String> live = new LivePlacement<>(placement);
    live.change(p -> p.reweight("n2", 0)); // drain n2; readers never wait

    byte[] bytes = live.current().encode(); // gossip it, or keep it in a consensus group
    Partitioner<String> copy = Partitioner.decode(bytes, id -> id);
    boolean same = copy.fingerprint() == live.current().fingerprint();

    BoundedLoad<String> load = new BoundedLoad<>(live.current(), 1.25);
    try (Lease<String> lease = load.acquire("user_123")) {
      send(lease.node());
    }
    // end

    assertThat(same).isTrue();
    assertThat(load.inFlight()).isZero();
  }

  @Test
  void ranges() {
    // readme: ranges
    RangePartitioner<Long, String> ranges =
        LongRangePartitioner.of("n1", Function.identity());
    ranges = ranges.split(1_000L, "n2").after();       // from 1000 on: n2
    List<KeyRange<Long, String>> pieces = ranges.slices(500L, 2_000L);
    // end

    assertThat(pieces).containsExactly(
        KeyRange.of(500L, 1_000L, "n1"), KeyRange.of(1_000L, 2_000L, "n2"));
  }

  @Test
  void the_readme_shows_these_examples() throws Exception {
    String readme = Files.readString(Path.of("README.md"));
    List<String> source = Files.readAllLines(
        Path.of("src/test/java/io/quorate/partitioning/ReadmeTest.java"));
    int shown = 0;
    boolean inside = false;
    for (String line : source) {
      if (line.strip().startsWith("// readme:")) {
        inside = true;
      } else if (line.strip().equals("// end")) {
        inside = false;
      } else if (inside && !line.isBlank()) {
        assertThat(readme).contains(line.substring(4));
        shown++;
      }
    }
    assertThat(shown).isGreaterThan(20);
  }
}
