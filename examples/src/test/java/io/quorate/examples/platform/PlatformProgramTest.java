package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Runs the whole story. What depends on the speed of the machine (latency, availability) is printed
 * and not asserted.
 */
class PlatformProgramTest {
  @TempDir private Path directory;

  @Test
  void the_story_is_told_to_its_end_and_nothing_acknowledged_is_lost() throws Exception {
    Path json = directory.resolve("score.json");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    new CommandLine(new PlatformProgram(out))
        .execute("--seconds", "8", "--rate", "50", "--json", json.toString());

    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains(
            "is elected, its node leads the training",
            "worker w1 is killed",
            "which leads the training, is killed",
            "goes on from the newest checkpoint",
            "all replicas have reloaded, one at a time",
            "fails fast",
            "is back, with the model from the replicated log",
            "promise was kept");
    Map<String, Boolean> met = new TreeMap<>();
    JsonArray rows = JsonParser.parseString(Files.readString(json)).getAsJsonArray();
    for (JsonElement row : rows) {
      met.put(
          row.getAsJsonObject().get("requirement").getAsString(),
          row.getAsJsonObject().get("met").getAsBoolean());
    }
    assertThat(met)
        .containsEntry("acknowledged writes lost: 0", true)
        .containsEntry("accuracy on held-out names", true)
        .containsKeys("latency p99 under 100 ms", "availability at least 99.99 %");
  }
}
