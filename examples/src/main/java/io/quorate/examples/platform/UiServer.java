package io.quorate.examples.platform;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.quorate.core.NodeId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The live page, for people on this machine: bound to loopback, it answers only requests that name
 * it as their host, and acts only on JSON, which pages of other sites cannot send it.
 */
final class UiServer implements AutoCloseable {
  private static final int MAX_BODY_BYTES = 4_096;
  private static final int MAX_TEXT = 200;
  private static final int THREADS = 4;
  private static final int MAX_WAITING = 64;
  private static final long PREDICT_SECONDS = 2;
  private static final Gson JSON = new Gson();

  private static final Map<String, String> FILES =
      Map.of(
          "/", "index.html",
          "/style.css", "style.css",
          "/app.js", "app.js");
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8");

  /** A request that is answered with a status and one line. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    final int status;

    Refused(int status, String reason) {
      super(reason);
      this.status = status;
    }
  }

  private interface Page {
    void answer(HttpExchange exchange) throws IOException, Refused, InterruptedException;
  }

  private final Scene scene;
  private final Pulse pulse;
  private final Picture picture;
  private final Controls controls;
  private final HttpServer server;
  private final ExecutorService executor;
  private final Set<String> hosts;

  /**
   * Serves {@code scene} at {@code port} of the loopback address; 0 for any free port.
   *
   * @throws IOException if the port cannot be bound
   */
  UiServer(int port, Scene scene) throws IOException {
    this.scene = scene;
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    server = HttpServer.create(new InetSocketAddress(loopback, port), MAX_WAITING);
    hosts = Set.of("127.0.0.1:" + port(), "localhost:" + port());
    pulse = new Pulse(scene);
    picture = new Picture(scene, pulse);
    controls = new Controls(scene);
    executor =
        new ThreadPoolExecutor(
            THREADS, THREADS, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING),
            UiServer::thread, new ThreadPoolExecutor.CallerRunsPolicy());
    server.setExecutor(executor);
    FILES.forEach((path, file) -> serve(path, "GET", exchange -> file(exchange, file)));
    serve("/state", "GET", this::state);
    serve("/predict", "POST", this::predict);
    serve("/act", "POST", this::act);
    server.start();
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "ui");
    thread.setDaemon(true);
    return thread;
  }

  private int port() {
    return server.getAddress().getPort();
  }

  /** Where a browser finds it. */
  String address() {
    return "http://127.0.0.1:" + port() + "/";
  }

  private void serve(String path, String method, Page page) {
    server.createContext(
        path,
        exchange -> {
          try {
            check(exchange, path, method);
            page.answer(exchange);
          } catch (Refused e) {
            send(exchange, e.status, JSON.toJson(Map.of("error", e.getMessage())));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            exchange.close();
          }
        });
  }

  private void check(HttpExchange exchange, String path, String method) throws Refused {
    String host = exchange.getRequestHeaders().getFirst("Host");
    if (host == null || !hosts.contains(host.toLowerCase(Locale.ROOT))) {
      throw new Refused(403, "this page is for " + address() + " only");
    }
    if (!exchange.getRequestURI().getPath().equals(path)) {
      throw new Refused(404, "there is no such page");
    }
    if (!exchange.getRequestMethod().equals(method)) {
      exchange.getResponseHeaders().set("Allow", method);
      throw new Refused(405, "method must be " + method);
    }
  }

  private static void file(HttpExchange exchange, String file) throws IOException {
    byte[] bytes;
    try (InputStream in = UiServer.class.getResourceAsStream(file)) {
      bytes = in.readAllBytes();
    }
    String type = TYPES.get(file.substring(file.indexOf('.') + 1));
    send(exchange, 200, type, bytes);
  }

  private void state(HttpExchange exchange) throws IOException, Refused {
    String query = exchange.getRequestURI().getQuery();
    long after = 0;
    if (query != null) {
      if (!query.matches("after=[0-9]{1,15}")) {
        throw new Refused(400, "query must be after=NUMBER");
      }
      after = Long.parseLong(query.substring(query.indexOf('=') + 1));
    }
    send(exchange, 200, JSON.toJson(picture.after(after)));
  }

  private void predict(HttpExchange exchange)
      throws IOException, Refused, InterruptedException {
    JsonObject request = body(exchange);
    String text = text(request, "text").strip();
    String region = text(request, "region");
    Platform platform = scene.platform();
    Front front = platform == null ? null : platform.front();
    if (front == null) {
      throw new Refused(503, "nothing is served yet: the model is still being trained");
    }
    if (text.isEmpty() || text.length() > MAX_TEXT) {
      throw new Refused(400, "text must have 1 to " + MAX_TEXT + " characters");
    }
    if (!Platform.REGIONS.contains(region)) {
      throw new Refused(400, "region must be one of " + Platform.REGIONS);
    }
    requireQuestion(text);
    long beganNanos = System.nanoTime();
    Front.Answer answer = await(front.predict(region, "visitor", text));
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("answer", scene.exam.classes().get(answer.prediction().label()));
    reply.put("probability", answer.prediction().probability());
    reply.put("replica", answer.replica().value());
    reply.put("version", answer.prediction().version());
    reply.put("millis", (System.nanoTime() - beganNanos) / 1e6);
    send(exchange, 200, JSON.toJson(reply));
  }

  /** What no replica could answer must not count against them. */
  private void requireQuestion(String text) throws Refused {
    try {
      scene.exam.probabilities(scene.exam.learnt().initial(), text);
    } catch (IllegalArgumentException e) {
      throw new Refused(400, e.getMessage());
    }
  }

  private static Front.Answer await(CompletableFuture<Front.Answer> asked)
      throws Refused, InterruptedException {
    try {
      return asked.get(PREDICT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new Refused(503, "no answer within " + Front.DEADLINE.toMillis() + " ms");
    }
  }

  private void act(HttpExchange exchange) throws IOException, Refused {
    JsonObject request = body(exchange);
    try {
      String action = text(request, "action").toUpperCase(Locale.ROOT);
      controls.act(NodeId.of(text(request, "node")).value(), Controls.Action.valueOf(action));
    } catch (IllegalArgumentException e) {
      throw new Refused(400, e.getMessage());
    }
    send(exchange, 200, "{}");
  }

  private static JsonObject body(HttpExchange exchange) throws IOException, Refused {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type == null || !type.startsWith("application/json")) {
      throw new Refused(415, "body must be application/json");
    }
    byte[] bytes = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
    if (bytes.length > MAX_BODY_BYTES) {
      throw new Refused(413, "body must have at most " + MAX_BODY_BYTES + " bytes");
    }
    try {
      JsonElement body = JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8));
      if (body.isJsonObject()) {
        return body.getAsJsonObject();
      }
    } catch (JsonParseException e) {
      throw new Refused(400, "body must be JSON");
    }
    throw new Refused(400, "body must be a JSON object");
  }

  private static String text(JsonObject request, String name) throws Refused {
    JsonElement value = request.get(name);
    if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw new Refused(400, name + " must be given as text");
    }
    return value.getAsString();
  }

  private static void send(HttpExchange exchange, int status, String json) throws IOException {
    send(
        exchange,
        status,
        "application/json; charset=utf-8",
        json.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] bytes)
      throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
    controls.close();
    pulse.close();
  }
}
