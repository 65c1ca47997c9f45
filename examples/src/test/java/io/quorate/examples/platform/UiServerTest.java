package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live page of a platform that serves: over HTTP, and in a browser where there is one. */
@Tag("alone")
class UiServerTest {
  private static final Duration SOON = Duration.ofMinutes(1);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir private static Path directory;

  private static Scene scene;
  private static Platform platform;
  private static UiServer page;

  @BeforeAll
  static void serve() throws Exception {
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    scene = new Scene(new Chronicle(nowhere), exam());
    platform = new Platform(scene.exam, directory, scene.chronicle);
    scene.platform(platform);
    page = new UiServer(0, scene);
    assertThat(post("predict", "{\"text\":\"1,2\",\"region\":\"eu\"}").statusCode()).isEqualTo(503);
    platform.start();
    Training training =
        new Training(scene.exam, platform, directory, 2, nowhere, scene.chronicle);
    training.rest();
    new Rollout(platform, scene.chronicle).publish(1);
    platform.serve();
  }

  /** Small, so that training takes no time: which of two numbers is the larger? */
  private static Exam exam() throws Exception {
    List<String> lines = new ArrayList<>(List.of("answer,left,right"));
    for (int i = 0; i < 500; i++) {
      int left = i * 37 % 101;
      int right = i * 53 % 103;
      lines.add((left > right ? "left" : "<right>") + "," + left + "," + right);
    }
    Path file = directory.resolve("larger.csv");
    Files.write(file, lines);
    return Exam.table(file, 1);
  }

  @AfterAll
  static void close() {
    page.close();
    platform.close();
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(page.address() + path)).timeout(SOON);
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  private static JsonObject state() throws Exception {
    return JsonParser.parseString(get("state").body()).getAsJsonObject();
  }

  private static Optional<JsonObject> node(String id) throws Exception {
    for (JsonElement region : state().getAsJsonArray("regions")) {
      for (JsonElement node : region.getAsJsonObject().getAsJsonArray("nodes")) {
        if (node.getAsJsonObject().get("id").getAsString().equals(id)) {
          return Optional.of(node.getAsJsonObject());
        }
      }
    }
    return Optional.empty();
  }

  private static void act(String node, String action) throws Exception {
    HttpResponse<String> reply =
        post("act", "{\"node\":\"" + node + "\",\"action\":\"" + action + "\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  private static void awaitNode(String id, String property, String value) throws Exception {
    Waiting.until(
        () -> {
          JsonElement found = node(id).orElseThrow().get(property);
          return found != null && found.getAsString().equals(value);
        },
        SOON,
        id + " to have " + property + " " + value);
  }

  @Test
  void the_page_is_whole_and_needs_nothing_from_elsewhere() throws Exception {
    HttpResponse<String> html = get("");

    assertThat(html.statusCode()).isEqualTo(200);
    assertThat(html.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("default-src 'self'");
    assertThat(html.body()).contains("<title>Quorate platform</title>", "app.js", "style.css");
    assertThat(html.body() + get("style.css").body() + get("app.js").body())
        .doesNotContain("https://")
        .doesNotContain("innerHTML");
  }

  @Test
  void the_state_shows_regions_nodes_leaders_ring_breakers_and_routes() throws Exception {
    JsonObject state = state();

    JsonArray regions = state.getAsJsonArray("regions");
    assertThat(regions).hasSize(3);
    assertThat(regions.get(0).getAsJsonObject().getAsJsonArray("nodes")).hasSize(5);
    assertThat(regions.get(0).getAsJsonObject().getAsJsonObject("routes").keySet())
        .containsExactly("eu", "us", "ap");
    assertThat(state.getAsJsonObject("ring").getAsJsonArray("owners")).hasSize(360);
    assertThat(state.toString()).contains("\"role\":\"leader\"", "\"role\":\"follower\"");
    assertThat(node("us-serve-1").orElseThrow().keySet())
        .contains("version", "state", "breaker", "mood");
  }

  @Test
  void only_lines_that_were_not_seen_before_are_sent() throws Exception {
    scene.chronicle.event("something new");
    JsonArray lines = state().getAsJsonArray("lines");
    long last = lines.get(lines.size() - 1).getAsJsonObject().get("number").getAsLong();

    JsonObject later =
        JsonParser.parseString(get("state?after=" + last).body()).getAsJsonObject();

    assertThat(later.getAsJsonArray("lines")).isEmpty();
  }

  @Test
  void a_question_is_answered_with_replica_version_and_time() throws Exception {
    // After a test that has killed a replica there, a part of the users are sent elsewhere.
    Waiting.until(
        () -> ask("us").get("replica").getAsString().startsWith("us-serve-"),
        SOON,
        "an answer from the users' region");
    JsonObject reply = ask("us");

    assertThat(reply.get("answer").getAsString()).isIn("left", "<right>");
    assertThat(reply.get("replica").getAsString()).contains("-serve-");
    assertThat(reply.get("version").getAsInt()).isEqualTo(1);
    assertThat(reply.get("millis").getAsDouble()).isPositive();
  }

  private static JsonObject ask(String region) throws Exception {
    HttpResponse<String> reply =
        post("predict", "{\"text\":\"90,3\",\"region\":\"" + region + "\"}");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return JsonParser.parseString(reply.body()).getAsJsonObject();
  }

  @Test
  void what_is_no_question_is_refused_and_does_not_count_against_the_replicas() throws Exception {
    for (int i = 0; i < 20; i++) {
      HttpResponse<String> reply =
          post("predict", "{\"text\":\"<script>alert(1)</script>\",\"region\":\"ap\"}");
      assertThat(reply.statusCode()).isEqualTo(400);
    }

    assertThat(node("ap-serve-1").orElseThrow().get("failures").getAsInt()).isZero();
  }

  @Test
  void bad_requests_are_refused_with_a_reason() throws Exception {
    assertRefused(get("nothing-here"), 404, "no such page");
    assertRefused(get("predict"), 405, "POST");
    assertRefused(get("state?after=x"), 400, "after=NUMBER");
    assertRefused(post("predict", "{"), 400, "JSON");
    assertRefused(post("predict", "[1]"), 400, "object");
    assertRefused(post("predict", "{\"text\":7,\"region\":\"eu\"}"), 400, "text");
    assertRefused(post("predict", "{\"text\":\"1,2\",\"region\":\"moon\"}"), 400, "region");
    assertRefused(post("predict", "{\"text\":\" \",\"region\":\"eu\"}"), 400, "1 to 200");
    assertRefused(post("predict", "x".repeat(5_000)), 413, "4096");
    assertRefused(post("act", "{\"node\":\"eu-nobody\",\"action\":\"kill\"}"), 400, "no node");
    assertRefused(post("act", "{\"node\":\"eu-control\",\"action\":\"melt\"}"), 400, "MELT");
    assertRefused(post("act", "{\"node\":\"eu-control\",\"action\":\"slow\"}"), 400, "serving");
    assertRefused(
        send(request("predict").POST(BodyPublishers.ofString("{}"))), 415, "application/json");
  }

  private static void assertRefused(HttpResponse<String> reply, int status, String reason) {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(status);
    JsonObject body = JsonParser.parseString(reply.body()).getAsJsonObject();
    assertThat(body.get("error").getAsString()).contains(reason);
  }

  /** As a page would that has its name point to this machine. */
  @Test
  void requests_for_another_host_are_refused() throws Exception {
    URI address = URI.create(page.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket
          .getOutputStream()
          .write(
              "GET /state HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));

      String reply =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertThat(reply).startsWith("HTTP/1.1 403").doesNotContain("regions");
    }
  }

  @Test
  void a_port_in_use_cannot_be_bound() {
    int port = URI.create(page.address()).getPort();

    assertThatThrownBy(() -> new UiServer(port, scene)).isInstanceOf(BindException.class);
  }

  @Test
  void nodes_are_killed_slowed_cut_off_and_mended_by_hand() throws Exception {
    act("eu-serve-2", "slow");
    awaitNode("eu-serve-2", "mood", "slow");
    act("eu-serve-2", "well");
    awaitNode("eu-serve-2", "mood", "well");
    act("us-store-1", "cut");
    awaitNode("us-store-1", "cut", "true");
    act("us-store-1", "heal");
    awaitNode("us-store-1", "cut", "false");
    act("ap-serve-2", "kill");
    awaitNode("ap-serve-2", "up", "false");
    act("ap-serve-2", "start");
    awaitNode("ap-serve-2", "up", "true");
    awaitNode("ap-serve-2", "version", "1");

    assertThat(state().getAsJsonArray("lines").toString())
        .contains("by hand: ap-serve-2 is killed", "by hand: us-store-1 is cut off");
  }

  @Test
  void a_control_node_that_was_killed_learns_of_the_model_again_when_it_is_back() throws Exception {
    act("ap-control", "kill");
    awaitNode("ap-control", "up", "false");
    act("ap-control", "start");
    awaitNode("ap-control", "up", "true");

    awaitNode("ap-control", "version", "1");
    // It may have led the store, and other tests look for a leader there.
    Waiting.until(() -> state().toString().contains("\"role\":\"leader\""), SOON, "an election");
  }

  private static Browser browser() throws Exception {
    Optional<Path> program = Browser.installed();
    Assumptions.assumeTrue(program.isPresent(), "skipped: no Chromium is installed");
    Path profile = Files.createTempDirectory(directory, "b");
    return new Browser(program.orElseThrow(), profile, page.address());
  }

  private static String text(String selector) {
    return "document.querySelector('" + selector + "').textContent";
  }

  @Test
  void a_browser_shows_the_platform() throws Exception {
    scene.chronicle.event("<b id=\"unescaped\">not bold</b>");
    try (Browser browser = browser()) {
      browser.await(text("#connection") + " === 'live, twice a second'");

      assertThat(browser.evaluate(text("#node-eu-control"))).contains("committed", "kill");
      assertThat(browser.evaluate(text("#node-ap-serve-2"))).contains("model 1", "feature breaker");
      assertThat(browser.evaluate(text("#regions"))).contains("leads the store");
      assertThat(browser.evaluate(text("#log"))).contains("<b id=\"unescaped\">not bold</b>");
      assertThat(browser.evaluate("document.getElementById('unescaped')")).isEqualTo("null");
    }
  }

  /** Each region's card has its colour at its edge; that of nowhere is not to be found. */
  @Test
  void what_a_browser_paints_has_the_colours_of_the_regions() throws Exception {
    try (Browser browser = browser()) {
      browser.await("document.querySelectorAll('.region .node').length === 15");

      Set<Integer> painted = colours(browser.screenshot());

      for (String tint : List.of("--eu", "--us", "--ap")) {
        assertThat(painted).as(tint).contains(colour(browser, "var(" + tint + ")"));
      }
      assertThat(painted).doesNotContain(colour(browser, "rgb(255, 0, 255)"));
    }
  }

  private static Set<Integer> colours(BufferedImage image) {
    int[] pixels =
        image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    return Arrays.stream(pixels).boxed().collect(Collectors.toSet());
  }

  /** What {@code css} comes to on the page, as a pixel has it. */
  private static int colour(Browser browser, String css) throws Exception {
    String[] parts =
        browser
            .evaluate(
                "(() => { const probe = document.createElement('i'); probe.style.color = '" + css
                    + "'; document.body.append(probe);"
                    + " const found = getComputedStyle(probe).color;"
                    + " probe.remove(); return found.match(/[0-9]+/g) })()")
            .split(",");
    return new Color(
            Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]))
        .getRGB();
  }

  @Test
  void a_person_asks_the_model_in_a_browser() throws Exception {
    try (Browser browser = browser()) {
      browser.await(text("#answer") + " === 'The model answers.'");
      browser.click("#text");
      browser.type("90,3");
      browser.click("#form button");

      browser.await(text("#answer") + ".includes('with model 1, after')");

      assertThat(browser.evaluate(text("#answer"))).contains("% sure), says eu-serve-");
    }
  }

  @Test
  void a_person_kills_and_starts_a_node_in_a_browser() throws Exception {
    try (Browser browser = browser()) {
      browser.await("document.getElementById('node-us-serve-1') !== null");
      browser.click("#node-us-serve-1 [data-action=kill]");
      browser.await(text("#node-us-serve-1 .state") + " === 'down'");
      browser.click("#node-us-serve-1 [data-action=start]");

      awaitNode("us-serve-1", "version", "1");
      browser.await(text("#node-us-serve-1") + ".includes('model 1')");
    }
  }

  /** The page is drawn anew twice a second; no press may be lost for that. */
  @Test
  void a_button_that_is_pressed_for_long_works_in_a_browser() throws Exception {
    try (Browser browser = browser()) {
      browser.await("document.getElementById('node-eu-store-2') !== null");
      browser.press("#node-eu-store-2 [data-action=cut]");
      int lines = Integer.parseInt(browser.evaluate("lastLine"));
      scene.chronicle.event("while a button is pressed");
      browser.await("lastLine > " + lines);
      browser.release();

      awaitNode("eu-store-2", "cut", "true");
      act("eu-store-2", "heal");
      browser.await(text("#node-eu-store-2 .state") + " === 'well'");
    }
  }
}
