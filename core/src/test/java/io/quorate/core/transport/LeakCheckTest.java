package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The control: the check does find leaks. */
@ExtendWith(LeakCheck.class)
class LeakCheckTest {
  @Test
  void a_buffer_that_is_not_released_is_found() {
    List<String> found =
        LeakCheck.expectingLeaks(
            () -> {
              leak();
              List<String> leaks = new ArrayList<>();
              for (int i = 0; i < 100 && leaks.isEmpty(); i++) {
                leaks.addAll(LeakCheck.leaks());
              }
              return leaks;
            });

    assertThat(found).isNotEmpty();
  }

  private static void leak() {
    ByteBufAllocator.DEFAULT.directBuffer(16).writeInt(1);
  }
}
