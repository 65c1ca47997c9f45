package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Goal T10: what the exchange of gradients leaves behind, over real sockets. */
class ExchangeTest {
  private static final int PARAMETERS = 300_000;
  /** A quarter of a vector; four go up and one comes down in each step. */
  private static final int LIMIT_BYTES = PARAMETERS;

  private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();

  @BeforeEach
  void doNotTrackBuffers() {
    // Tracking each buffer allocates more than everything else together.
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
  }

  @AfterEach
  void trackBuffersAgain() {
    ResourceLeakDetector.setLevel(level);
  }

  @Test
  void a_step_like_the_one_before_allocates_no_vector_anywhere() throws Exception {
    assertThat(Exchange.run(PARAMETERS, 120, 60, 0).allocatedBytes()).isLessThan(LIMIT_BYTES);
  }

  @Test
  void control_a_quarter_of_a_vector_more_is_noticed() throws Exception {
    int wasted = LIMIT_BYTES / Exchange.SHARDS + 1;

    assertThat(Exchange.run(PARAMETERS, 120, 60, wasted).allocatedBytes())
        .isGreaterThan(LIMIT_BYTES);
  }
}
