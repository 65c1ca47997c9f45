package io.quorate.resilience;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** Finds classes with synchronized blocks by disassembling them. */
final class MonitorScan {
  private MonitorScan() {}

  /** The class files below {@code source}, in this package, that enter a monitor. */
  static List<String> enteredIn(CodeSource source) throws Exception {
    Path root = Path.of(source.getLocation().toURI()).resolve("io/quorate/resilience");
    try (Stream<Path> files = Files.list(root)) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          .filter(MonitorScan::entersMonitor)
          .map(file -> file.getFileName().toString())
          .toList();
    }
  }

  private static boolean entersMonitor(Path file) {
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintWriter out = new PrintWriter(bytes, true, StandardCharsets.UTF_8);
    javap.run(out, out, "-c", "-p", file.toString());
    return bytes.toString(StandardCharsets.UTF_8).contains("monitorenter");
  }

  /** Has a synchronized block, for the control. */
  static int control(Object lock) throws IOException {
    synchronized (lock) {
      return lock.hashCode();
    }
  }
}
