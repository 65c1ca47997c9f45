package io.quorate.examples.recommender;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.examples.Run;
import io.quorate.examples.recommender.Recommendation.Source;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecommenderProgramTest {
  @TempDir private Path directory;

  @Test
  void every_request_is_answered_by_the_best_source_that_is_left() {
    String out = Run.program("recommender", "--visitors", "300").isOk();

    assertThat(row("all well, first", out)).isEqualTo("0 100 0 0 0");
    assertThat(row("all well, again", out)).isEqualTo("100 0 0 0 0");
    assertThat(row("model down, visitors of this minute", out)).isEqualTo("100 0 0 0 0");
    assertThat(row("model down, visitors of an hour ago", out)).isEqualTo("0 0 100 0 0");
    assertThat(row("model down, visitors never seen", out)).isEqualTo("0 0 0 100 0");
    assertThat(row("profile store down, visitors of an hour ago", out)).isEqualTo("0 0 100 0 0");
    assertThat(row("profile store down, visitors never seen", out)).isEqualTo("0 0 0 100 0");
    assertThat(out).contains("eu is killed", "leaves eu", "back at eu", "made up");
  }

  private static String row(String scene, String out) {
    return Run.find(scene + "[a-z ]*?((?: +[\\d,]+){5})", out).strip().replaceAll(" +", " ");
  }

  @Test
  void what_fits_beats_what_is_old_and_that_beats_what_is_popular() {
    String out = Run.program("recommender", "--visitors", "1500").isOk();

    assertThat(hitRate(Source.INFERENCE, out)).isGreaterThan(hitRate(Source.POPULARITY, out));
    assertThat(hitRate(Source.STALE, out)).isGreaterThan(hitRate(Source.POPULARITY, out));
  }

  private static double hitRate(Source source, String out) {
    return Double.parseDouble(Run.find("\n" + source + " +[\\d,]+ +([0-9.]+)", out));
  }

  @Test
  void equal_seeds_print_equal_tables() {
    assertThat(Run.program("recommender", "--visitors", "60", "--seed", "5").isOk())
        .isEqualTo(Run.program("recommender", "--visitors", "60", "--seed", "5").isOk());
  }

  @Test
  void generated_visits_are_as_skewed_as_those_of_a_real_site() {
    Visits visits = Visits.generate(30_000, 3);

    assertThat(visits.topTenShare()).isBetween(0.52, 0.62);
    assertThat((double) visits.count() / visits.byUser().size()).isBetween(2.5, 3.5);
  }

  @Test
  void a_file_is_read_gzipped_or_not() throws IOException {
    StringBuilder csv = new StringBuilder("user,item\n");
    for (int user = 1; user <= 500; user++) {
      csv.append(user).append(",1\n").append(user).append(',').append(2 + user % 7).append('\n');
    }
    Path plain = Files.writeString(directory.resolve("visits.csv"), csv);
    Path zipped = directory.resolve("visits.csv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(csv.toString().getBytes(StandardCharsets.UTF_8));
    }

    String out =
        Run.program("recommender", "--visitors", "30", "--data", zipped.toString()).isOk();

    assertThat(out).contains("1,000 visits of 500 users to 8 items;").doesNotContain("made up");
    assertThat(Visits.read(plain).count()).isEqualTo(1_000);
  }

  @Test
  void bad_files_and_options_are_one_line_with_the_place_and_exit_code_2() throws IOException {
    refused("no-such-file.csv", null, "no such file");
    refused("header.csv", "item,user\n", ":1: the header must be user,item, was item,user");
    refused("field.csv", "user,item\n1,2\n1,x\n", ":3: must be a number from 1 to 2000, was x");
    refused("columns.csv", "user,item\n1,2,3\n", ":2: must be two numbers, was 1,2,3");
    refused("few.csv", "user,item\n1,2\n", "needs at least 100 users, has 1");
    refused("damaged.csv.gz", "this is no gzip", "damaged gzip");
    Run.program("recommender", "--visitors", "1").isRefusedWith("--visitors must be 30 to");
  }

  private void refused(String name, String content, String reason) throws IOException {
    Path file = directory.resolve(name);
    if (content != null) {
      Files.writeString(file, content);
    }
    Run.program("recommender", "--data", file.toString()).isRefusedWith(reason);
  }

  @Test
  void an_answer_travels_as_text() {
    Recommendation answer = new Recommendation(List.of(3, 1), Source.STALE, 1_234);

    assertThat(Recommendation.decode(answer.encode())).isEqualTo(answer);
    assertThat(new String(answer.encode(), StandardCharsets.UTF_8)).isEqualTo("STALE 1234 3,1");
    assertThatThrownBy(() -> Recommendation.decode("LATE 1 2".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
