package io.quorate.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailoverTest {
  @TempDir Path directory;

  /** How long it takes is measured elsewhere; here it must go on at all. */
  @Test
  void writes_go_on_whatever_befalls_the_leader() throws Exception {
    try (Failover failover =
        new Failover(
            directory, 0, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")) {
      failover.round(1);

      assertThat(failover.millis()).containsOnlyKeys(Failover.What.values());
      assertThat(failover.millis().values()).allSatisfy(each -> assertThat(each).hasSize(1));
    }
  }
}
