package io.quorate.consensus.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Measures replicated puts and strong reads of this project and of its peers: {@code RaftBench
 * DIRECTORY SECONDS ROUNDS [PRODUCT...]}. Each product has a process of its own, as its users have
 * it, with the options of this one, and its log beside its directory; in each round the products have their turns one after another,
 * and the others have closed theirs and wait. Prints machine load and the time of an fsync beside
 * each turn. In the first rounds the code is still being compiled.
 */
public final class RaftBench {
  private RaftBench() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    int rounds = Integer.parseInt(arguments[2]);
    Collection<String> products =
        arguments.length > 3
            ? Arrays.asList(arguments).subList(3, arguments.length)
            : Products.all().keySet();
    Files.createDirectories(directory);
    List<Turns> all = new ArrayList<>();
    try {
      for (String product : products) {
        if (!Products.all().containsKey(product)) {
          throw new IllegalArgumentException(
              "PRODUCT must be of " + Products.all().keySet() + ", was " + product);
        }
        all.add(new Turns(product, directory.resolve(product), arguments[1]));
      }
      for (int round = 1; round <= rounds; round++) {
        System.out.println("round " + round);
        for (Turns turns : all) {
          turns.next();
        }
      }
    } finally {
      all.forEach(Turns::close);
    }
  }

  /** A product's process. */
  private static final class Turns implements AutoCloseable {
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    Turns(String product, Path directory, String seconds) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
      command.addAll(List.of(RaftTurn.class.getName(), product, directory.toString(), seconds));
      process =
          new ProcessBuilder(command).redirectError(new File(directory + ".log")).start();
      in = process.outputWriter();
      out = process.inputReader();
    }

    /** Has the product measured and prints what comes of it. */
    void next() throws IOException {
      in.write('\n');
      in.flush();
      String line = out.readLine();
      while (line != null && !line.equals(RaftTurn.OVER)) {
        System.out.println(line);
        line = out.readLine();
      }
      if (line == null) {
        throw new IOException("the process of a product ended, see its log: " + process.info());
      }
    }

    @Override
    public void close() {
      process.destroy();
    }
  }
}
