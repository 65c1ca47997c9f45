package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class BalanceTest {
  private static final long[] HASHES = Samples.hashes(100_000, 5);

  @Test
  void the_report_counts_every_key_once_and_its_copies() {
    Balance balance = Balance.of(Samples.slots(Samples.zoned(4, 2), 2), HASHES);

    assertThat(balance.members().stream().mapToLong(Balance.MemberLoad::first).sum())
        .isEqualTo(100_000);
    assertThat(balance.members().stream().mapToLong(Balance.MemberLoad::copies).sum())
        .isEqualTo(200_000);
    assertThat(balance.table()).contains("node-00003", "zone-1", "max/mean 1.0", "keys 100000");
    assertThat(balance.maxOverMean()).isGreaterThanOrEqualTo(1);
    assertThat(balance.minOverMean()).isBetween(0.9, 1.0);
  }

  @Test
  void the_moved_share_of_a_sample_is_that_of_the_moves() {
    RebalancePlan<String> plan = Samples.slots(Samples.members(9), 1).with(Member.of("z"));

    assertThat(Balance.movedShare(plan, HASHES)).isCloseTo(plan.movedShare(), within(0.005));
    assertThat(plan.movedShare()).isCloseTo(0.1, within(1.0 / 16_384));
  }

  @Test
  void the_picture_is_well_formed_and_colours_every_piece() throws Exception {
    String svg = Balance.svg(Samples.ring(
        List.of(Member.of("a<b>&c"), Member.of("x"), Member.of("y")), 1));

    DocumentBuilderFactory.newInstance().newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
    assertThat(Pattern.compile("<path").matcher(svg).results().count()).isEqualTo(720);
    assertThat(Pattern.compile("stroke=\"hsl[^\"]*\"").matcher(svg).results()
        .map(result -> result.group()).distinct().count()).isEqualTo(3);
    assertThat(svg).contains("a&lt;b&gt;&amp;c");
  }
}
