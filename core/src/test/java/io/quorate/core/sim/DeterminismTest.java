package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The same seeds give the same digests in other processes and on other Java releases. */
class DeterminismTest {
  private static final int SEEDS = 10;

  /** Prints the digests of some runs; this is what the other processes execute. */
  public static final class Main {
    private Main() {}

    public static void main(String[] args) {
      System.out.println(digests(AbdRegister.Bug.valueOf(args[0])));
    }
  }

  static String digests(AbdRegister.Bug bug) {
    List<String> digests = new ArrayList<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      FaultPlan plan = Swarm.defaults().withNodes(5, 5).draw(seed);
      try (Simulation sim = Simulation.seeded(seed)) {
        new AbdScenario(sim, plan, bug).run();
        digests.add(sim.eventCount() + ":" + Long.toHexString(sim.digest()));
      }
    }
    try (Simulation sim = LogReplica.load(1, 2)) {
      digests.add(sim.eventCount() + ":" + Long.toHexString(sim.digest()));
    }
    return digests.toString();
  }

  @Test
  void another_process_on_any_installed_release_has_the_same_digests() throws Exception {
    String here = digests(AbdRegister.Bug.NONE);

    TreeMap<Integer, Path> releases = releases();
    assertThat(releases).containsKey(Runtime.version().feature());
    for (Path java : releases.values()) {
      assertThat(elsewhere(java, AbdRegister.Bug.NONE)).describedAs("%s", java).isEqualTo(here);
    }
  }

  @Test
  void an_order_that_depends_on_the_process_gives_itself_away() throws Exception {
    String here = digests(AbdRegister.Bug.SET_ORDER);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");

    boolean differs = false;
    for (int attempt = 0; attempt < 10 && !differs; attempt++) {
      differs = !elsewhere(java, AbdRegister.Bug.SET_ORDER).equals(here);
    }

    assertThat(differs).isTrue();
  }

  @Test
  void seeds_differ() {
    assertThat(digests(AbdRegister.Bug.NONE).split(", ")).doesNotHaveDuplicates();
  }

  private static String elsewhere(Path java, AbdRegister.Bug bug) throws Exception {
    Process process =
        new ProcessBuilder(
                java.toString(),
                "-ea",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                bug.name())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    return output;
  }

  /** One java for each installed feature release from 17 on, this one for its own. */
  private static TreeMap<Integer, Path> releases() throws IOException {
    TreeMap<Integer, Path> found = new TreeMap<>();
    Path mine = Path.of(System.getProperty("java.home"));
    found.put(Runtime.version().feature(), mine.resolve("bin/java"));
    if (mine.getParent() == null || !Files.isDirectory(mine.getParent())) {
      return found;
    }
    try (DirectoryStream<Path> homes = Files.newDirectoryStream(mine.getParent())) {
      for (Path home : homes) {
        Path release = home.resolve("release");
        Path java = home.resolve("bin" + File.separator + "java");
        if (Files.isReadable(release) && Files.isExecutable(java)) {
          for (String line : Files.readAllLines(release)) {
            if (line.matches("JAVA_VERSION=\"(\\d+)[.\\d]*.*\"")) {
              int feature = Integer.parseInt(line.replaceAll("^\\D*(\\d+).*", "$1"));
              if (feature >= 17) {
                found.putIfAbsent(feature, java);
              }
            }
          }
        }
      }
    }
    return found;
  }
}
