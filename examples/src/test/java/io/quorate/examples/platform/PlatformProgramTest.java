package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.quorate.examples.readme.ShownOutput;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Runs the whole story. What depends on the speed of the machine (latency, availability, times) is
 * printed and not asserted.
 */
@Tag("alone")
class PlatformProgramTest {
  @TempDir private Path directory;

  /** Trained for too short a time, so that one promise is broken: the exit code must say so. */
  @Test
  void the_story_is_told_to_its_end_nothing_is_lost_and_a_broken_promise_is_not_hidden()
      throws Exception {
    Path json = directory.resolve("score.json");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    int exitCode =
        new CommandLine(new PlatformProgram(out))
            .execute(
                "--seconds", "7", "--rate", "60", "--epochs", "2", "--json", json.toString());

    String told = bytes.toString(StandardCharsets.UTF_8);
    assertThat(told)
        .contains(
            "worker w0 is a straggler",
            "is elected and leads the training",
            "worker w1 is killed",
            "which leads the training, is killed",
            "is elected and goes on from the newest checkpoint",
            "model 1 is in the checkpoints of all regions, and served by all replicas",
            "first prediction: ",
            "all replicas have loaded model 2, one at a time",
            "the leader of the strong store, is killed",
            "refuses to start: corrupt file features/cells/segment-",
            "has all its data back from its peers",
            "takes 20 ms longer, more than ten times as long",
            "fails fast, though its health checks pass",
            "store node ",
            "is cut off from everything",
            "is reachable again",
            "replica ",
            "6 replicas",
            "Not every promise was kept.");
    assertThat(exitCode).as(told).isEqualTo(1);
    Map<String, Boolean> met = met(json);
    assertThat(met)
        .as(told)
        .containsEntry("acknowledged writes lost: 0", true)
        .containsEntry("accuracy on held-out data, at least 0.60", false)
        .containsKeys(
            "latency p99, at most 100 ms",
            "answered within 250 ms, at least 99.99 %",
            "replica killed, overcome in 2 s",
            "replica 10x slow, overcome in 2 s",
            "replica failing fast, overcome in 2 s",
            "store node killed, overcome in 2 s",
            "region cut off, overcome in 2 s",
            "Raft leader killed, overcome in 2 s",
            "data file corrupted, overcome in 10 s");
    assertThat(met.keySet()).as("the table in README.md").isEqualTo(shownRequirements());
  }

  /** The first column of the table that the project's README shows. */
  private static Set<String> shownRequirements() {
    return ShownOutput.in("README.md", "requirement ")
        .lines()
        .dropWhile(line -> !line.startsWith("requirement "))
        .skip(1)
        .takeWhile(line -> !line.isBlank())
        .map(line -> line.split(" {2,}")[0])
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Map<String, Boolean> met(Path json) throws Exception {
    Map<String, Boolean> met = new TreeMap<>();
    for (JsonElement row : JsonParser.parseString(Files.readString(json)).getAsJsonArray()) {
      JsonObject object = row.getAsJsonObject();
      met.put(object.get("requirement").getAsString(), object.get("met").getAsBoolean());
    }
    return met;
  }
}
