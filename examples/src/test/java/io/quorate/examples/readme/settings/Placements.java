package io.quorate.examples.readme.settings;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.readme.Setting;
import io.quorate.partitioning.HashRange;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.SlotOptions;
import io.quorate.partitioning.SlotTable;
import java.util.List;

/** Somebody who moves data, and a placement to begin with. */
public abstract class Placements extends Setting {
  private int uses;

  protected final Partitioner<String> placement =
      SlotTable.of(Member.all(List.of("n1", "n2", "n3")), SlotOptions.defaults());

  protected void stream(HashRange range, String from, String to) {
    assertThat(to).isEqualTo("n5");
    uses++;
  }

  protected void send(String node) {
    assertThat(node).startsWith("n");
    uses++;
  }

  @Override
  public void after() {
    assertThat(uses).isPositive();
  }
}
