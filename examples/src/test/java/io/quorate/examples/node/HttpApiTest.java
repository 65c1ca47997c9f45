package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.transport.Address;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpApiTest {
  private final MapStore store = new MapStore();
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpApi api;

  @BeforeEach
  void start() throws IOException {
    api =
        new HttpApi(
            HttpApi.listen(new Address("127.0.0.1", 0)),
            Map.of("strong", store),
            () -> "{}",
            () -> "up 1\n",
            request -> Optional.empty());
  }

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void a_write_and_the_read_of_it_have_one_tag() throws Exception {
    HttpResponse<String> put = send("PUT", "/strong/k", "v");
    HttpResponse<String> get = send("GET", "/strong/k", "");

    assertThat(put.statusCode()).isEqualTo(204);
    assertThat(get.statusCode()).isEqualTo(200);
    assertThat(get.body()).isEqualTo("v");
    assertThat(put.headers().firstValue("ETag")).hasValue("\"1\"");
    assertThat(get.headers().firstValue("ETag")).hasValue("\"1\"");
  }

  @Test
  void an_absent_key_is_404_for_reads_and_deletes() throws Exception {
    assertThat(send("GET", "/strong/none", "").statusCode()).isEqualTo(404);
    assertThat(send("DELETE", "/strong/none", "").statusCode()).isEqualTo(404);
  }

  @Test
  void an_empty_value_is_a_value() throws Exception {
    assertThat(send("PUT", "/strong/k", "").statusCode()).isEqualTo(204);
    HttpResponse<String> get = send("GET", "/strong/k", "");
    assertThat(get.statusCode()).isEqualTo(200);
    assertThat(get.body()).isEmpty();
    assertThat(get.headers().firstValue("ETag")).hasValue("\"1\"");
  }

  @Test
  void a_write_whose_condition_fails_is_412() throws Exception {
    assertThat(send("PUT", "/strong/k", "a", "If-Match", "\"7\"").statusCode()).isEqualTo(412);
    assertThat(send("PUT", "/strong/k", "a", "If-None-Match", "*").statusCode()).isEqualTo(204);
    assertThat(send("PUT", "/strong/k", "b", "If-None-Match", "*").statusCode()).isEqualTo(412);
    assertThat(send("DELETE", "/strong/k", "", "If-Match", "\"1\"").statusCode()).isEqualTo(204);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /strong/, 400",
    "GET, /strong, 400",
    "GET, /strong/a/b, 400",
    "GET, /strong/%ff, 400",
    "GET, /strong/k?consistency=bogus, 400",
    "GET, /strong/k?consistency=, 400",
    "GET, /strong/k?other=1, 400",
    "PUT, /strong/k?consistency=stale, 400",
    "POST, /strong/k, 405",
    "PATCH, /strong/k, 405",
    "PUT, /status, 405",
    "GET, /nothing, 404",
    "GET, /strongly/k, 404",
    "GET, /strong/k?consistency=stale, 404",
    "GET, /status, 200",
    "GET, /metrics, 200"
  })
  void a_request_is_answered_by_its_kind(String method, String path, int status) throws Exception {
    assertThat(send(method, path, "").statusCode()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/strong/%zz", "/strong/%4", "/strong/a%", "/strong/%", "/strong/\u00e9"})
  void bad_percent_encoding_is_400(String path) throws Exception {
    assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "\"\"", "\"1", "W/\"1\"", "*", "\"1\", \"2\"", "\"1\"x\""})
  void a_malformed_condition_is_400(String tag) throws Exception {
    assertThat(send("PUT", "/strong/k", "v", "If-Match", tag).statusCode()).isEqualTo(400);
    assertThat(send("PUT", "/strong/k", "v", "If-None-Match", tag.equals("*") ? "x" : tag)
            .statusCode())
        .isEqualTo(400);
    assertThat(store.values).isEmpty();
  }

  @Test
  void a_key_of_1024_bytes_is_taken_and_a_longer_one_is_414() throws Exception {
    assertThat(send("PUT", "/strong/" + "%C3%A9".repeat(512), "v").statusCode()).isEqualTo(204);
    assertThat(send("PUT", "/strong/" + "k".repeat(1_025), "v").statusCode()).isEqualTo(414);
  }

  @Test
  void a_key_is_taken_as_it_is_after_decoding() throws Exception {
    send("PUT", "/strong/a%2Fb%20c+d", "v");

    assertThat(store.values).containsOnlyKeys("a/b c+d");
  }

  @Test
  void a_value_of_1_mib_is_taken_and_a_larger_one_is_413_announced_or_chunked() throws Exception {
    String whole = "v".repeat(1 << 20);

    assertThat(send("PUT", "/strong/k", whole).statusCode()).isEqualTo(204);
    assertThat(send("GET", "/strong/k", "").body()).isEqualTo(whole);
    assertThat(send("PUT", "/strong/big", whole + "v").statusCode()).isEqualTo(413);
    HttpRequest chunked =
        HttpRequest.newBuilder(uri("/strong/big"))
            .PUT(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(
                (whole + "v").getBytes(StandardCharsets.US_ASCII))))
            .build();
    assertThat(client.send(chunked, BodyHandlers.ofString()).statusCode()).isEqualTo(413);
    for (int i = 0; i < 20; i++) {
      assertThat(send("PUT", "/strong/big", whole.repeat(8)).statusCode()).isEqualTo(413);
    }
    assertThat(store.values).doesNotContainKey("big");
  }

  @Test
  void what_is_not_known_is_503_indeterminate_for_a_write_and_refused_for_a_read()
      throws Exception {
    store.next = new Answer.Indeterminate("no quorum");

    assertOutcome(send("PUT", "/strong/k", "v"), "indeterminate");
    assertOutcome(send("DELETE", "/strong/k", ""), "indeterminate");
    assertOutcome(send("GET", "/strong/k", ""), "refused");

    store.next = new Answer.Refused("queue full");
    assertOutcome(send("PUT", "/strong/k", "v"), "refused");
  }

  @Test
  void a_store_that_fails_is_indeterminate() throws Exception {
    store.failure = new IllegalStateException("broken");

    assertOutcome(send("PUT", "/strong/k", "v"), "indeterminate");
  }

  @Test
  void a_connection_serves_many_requests() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", api.address().port())) {
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      for (int i = 0; i < 3; i++) {
        out.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        String answer = "";
        while (!answer.endsWith("up 1\n")) {
          answer += (char) in.read();
        }
        assertThat(answer).startsWith("HTTP/1.1 200");
      }
    }
  }

  private static void assertOutcome(HttpResponse<String> response, String outcome) {
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("Quorate-Outcome")).hasValue(outcome);
  }

  private URI uri(String path) {
    return URI.create("http://" + api.address() + path);
  }

  private HttpResponse<String> send(String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path)).method(method, BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", api.address().port())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A store in a map, which can be told to answer or to fail otherwise. */
  private static final class MapStore implements KeyValueStore {
    private record Entry(byte[] value, String version) {}

    private final Map<String, Entry> values = new TreeMap<>();
    private int lastVersion;
    private Answer next;
    private RuntimeException failure;

    @Override
    public Set<String> readConsistencies() {
      return Set.of("", "stale");
    }

    @Override
    public Set<String> writeConsistencies() {
      return Set.of("");
    }

    @Override
    public boolean takesConditions() {
      return true;
    }

    @Override
    public CompletableFuture<Answer> get(String key, String consistency) {
      Entry entry = values.get(key);
      return done(
          entry == null ? new Answer.Absent() : new Answer.Value(entry.value(), entry.version()));
    }

    @Override
    public CompletableFuture<Answer> put(
        String key, byte[] value, Condition condition, String consistency) {
      if (!holds(key, condition)) {
        return done(new Answer.ConditionFailed());
      }
      String version = Integer.toString(++lastVersion);
      values.put(key, new Entry(value, version));
      return done(new Answer.Written(version));
    }

    @Override
    public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
      if (!holds(key, condition)) {
        return done(new Answer.ConditionFailed());
      }
      boolean removed = values.remove(key) != null;
      return done(
          removed ? new Answer.Written(Integer.toString(++lastVersion)) : new Answer.Absent());
    }

    private boolean holds(String key, Condition condition) {
      Entry entry = values.get(key);
      if (condition instanceof Condition.VersionIs is) {
        return entry != null && entry.version().equals(is.version());
      }
      return !(condition instanceof Condition.IsAbsent) || entry == null;
    }

    private CompletableFuture<Answer> done(Answer answer) {
      if (failure != null) {
        return CompletableFuture.failedFuture(failure);
      }
      return CompletableFuture.completedFuture(next == null ? answer : next);
    }
  }
}
