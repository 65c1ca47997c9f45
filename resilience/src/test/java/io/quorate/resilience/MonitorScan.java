package io.quorate.resilience;

import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** Finds synchronized blocks by disassembling classes. */
final class MonitorScan {
  private MonitorScan() {}

  /** How many blocks enter a monitor in the classes below {@code folder} with {@code prefix}. */
  static long blocksBelow(Path folder, String prefix) throws Exception {
    List<String> args = new ArrayList<>(List.of("-c", "-p"));
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .filter(file -> file.toString().endsWith(".class"))
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .forEach(file -> args.add(file.toString()));
    }
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintWriter out = new PrintWriter(bytes, true, StandardCharsets.UTF_8);
    javap.run(out, out, args.toArray(String[]::new));
    return bytes.toString(StandardCharsets.UTF_8).lines()
        .filter(line -> line.matches("\\s+\\d+: monitorenter\\s*")).count();
  }

  /** Has a synchronized block, for the control. */
  static int control(Object lock) {
    synchronized (lock) {
      return lock.hashCode();
    }
  }
}
