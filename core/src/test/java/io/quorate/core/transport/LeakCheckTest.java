package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The control: the check does find leaks. */
@ExtendWith(LeakCheck.class)
class LeakCheckTest {
  @Test
  void a_buffer_that_is_not_released_is_found() {
    // What is expected must not look like trouble in the build's output.
    Logger reports = Logger.getLogger(ResourceLeakDetector.class.getName());
    reports.setUseParentHandlers(false);
    try {
      leak();

      List<String> found = new ArrayList<>();
      for (int i = 0; i < 100 && found.isEmpty(); i++) {
        found.addAll(LeakCheck.leaks());
      }

      assertThat(found).isNotEmpty();
    } finally {
      reports.setUseParentHandlers(true);
    }
  }

  private static void leak() {
    ByteBufAllocator.DEFAULT.directBuffer(16).writeInt(1);
  }
}
