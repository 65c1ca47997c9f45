package io.quorate.core.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test class that has leaked a network buffer: every buffer is tracked. */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
  private static final List<String> LEAKS = new CopyOnWriteArrayList<>();
  private static final int ROUNDS = 5;

  @Override
  public void beforeAll(ExtensionContext context) {
    begin();
  }

  /** Tracks every buffer from now on. */
  public static void begin() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    ByteBufUtil.setLeakListener((type, records) -> LEAKS.add(type + records));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    List<String> leaks = leaks();
    if (!leaks.isEmpty()) {
      throw new AssertionError(leaks.size() + " buffers leaked, the first: " + leaks.get(0));
    }
  }

  /** The leaks found since the last call, after looking for more. */
  public static List<String> leaks() {
    for (int i = 0; i < ROUNDS; i++) {
      System.gc();
      // Leaks are reported when the next buffer is tracked.
      for (int j = 0; j < 16; j++) {
        ByteBufAllocator.DEFAULT.directBuffer(16).release();
      }
    }
    List<String> found = List.copyOf(LEAKS);
    LEAKS.clear();
    return found;
  }

  /** For controls: leaks that are expected must not look like trouble in the build's output. */
  public static <T> T expectingLeaks(Supplier<T> leaky) {
    Logger reports = Logger.getLogger(ResourceLeakDetector.class.getName());
    reports.setUseParentHandlers(false);
    try {
      return leaky.get();
    } finally {
      reports.setUseParentHandlers(true);
      begin();
    }
  }
}
