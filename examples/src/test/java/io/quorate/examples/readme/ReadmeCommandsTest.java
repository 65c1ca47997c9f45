package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Run;
import io.quorate.examples.readme.Readme.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Everything that a README tells a reader to type or to follow exists. */
class ReadmeCommandsTest {
  private static final String JAR = "examples/target/examples.jar";

  @Test
  void every_command_names_programs_options_modules_and_tests_that_exist() {
    List<String> problems = new ArrayList<>();
    int checked = 0;
    for (Readme readme : Readme.all()) {
      for (Command command : readme.commands()) {
        problemsOf(command.text())
            .forEach(problem ->
                problems.add(command.where() + " " + command.text() + ": " + problem));
        checked++;
      }
    }

    assertThat(problems).isEmpty();
    assertThat(checked).isGreaterThan(15);
  }

  @Test
  void every_relative_link_leads_somewhere() {
    List<String> broken = new ArrayList<>();
    for (Readme readme : Readme.all()) {
      for (String link : readme.links()) {
        if (!leadsSomewhere(readme, link)) {
          broken.add(readme.path() + " " + link);
        }
      }
    }

    assertThat(broken).isEmpty();
  }

  /** The controls: each of these must be found out. */
  @Test
  void a_wrong_command_or_link_is_noticed() {
    for (String wrong :
        List.of(
            "java -jar " + JAR + " no-such-program",
            "java -jar " + JAR + " ring --no-such-option",
            "java -jar " + JAR + " node --id n1",
            "java -jar elsewhere.jar ring",
            "mvn -pl no-such-module verify",
            "mvn -Pno-such-profile verify",
            "mvn -pl core test -Dtest=NoSuchTest",
            "mvn -pl core test -Dno.such.property=1",
            "mvn -pl core test -Dtest.jvm.args=\"-Dno.such.other=1\"",
            "mvn -Pjmh -pl core verify -Djmh=\"NoSuchBenchmark -prof gc\"",
            "mvn -pl core exec:java -Dexec.mainClass=io.quorate.NoSuchMain",
            "mvn frobnicate")) {
      assertThat(problemsOf(wrong)).as(wrong).isNotEmpty();
    }
    Readme readme = Readme.read(Readme.ROOT.resolve("README.md"));
    assertThat(leadsSomewhere(readme, "core/NO-SUCH.md")).isFalse();
    assertThat(leadsSomewhere(readme, "#no-such-heading")).isFalse();
    assertThat(leadsSomewhere(readme, "#use-it")).isTrue();
  }

  private static List<String> problemsOf(String command) {
    List<String> tokens = CommandLineTokens.of(command);
    if (tokens.get(0).equals("mvn")) {
      return MavenCommand.problemsOf(command);
    }
    if (tokens.get(0).equals("java")) {
      int jar = tokens.indexOf("-jar") + 1;
      if (jar == 0 || !tokens.get(jar).equals(JAR)) {
        return List.of("does not run " + JAR);
      }
      return Run.problemsOf(tokens.subList(jar + 1, tokens.size()));
    }
    // NodeProcessTest runs these.
    return List.of();
  }

  private static boolean leadsSomewhere(Readme readme, String link) {
    int hash = link.indexOf('#');
    String file = hash < 0 ? link : link.substring(0, hash);
    Path from = Readme.ROOT.resolve(readme.path());
    Path target = file.isEmpty() ? from : from.resolveSibling(file).normalize();
    return Files.exists(target)
        && (hash < 0 || Readme.read(target).anchors().contains(link.substring(hash + 1)));
  }
}
