package io.quorate.examples.node;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.quorate.core.transport.Address;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores over HTTP/1.1. No thread waits for a store: a request is read, handed over, and answered
 * when its future completes, or after {@link #ANSWER_WITHIN_MILLIS} at the latest.
 */
final class HttpApi implements AutoCloseable {
  static final int MAX_VALUE_BYTES = 1 << 20;
  static final long ANSWER_WITHIN_MILLIS = 4_500;

  private static final Logger log = LoggerFactory.getLogger(HttpApi.class);
  private static final String OUTCOME = "Quorate-Outcome";
  private static final int MAX_THREADS = 256;
  private static final long MAX_DRAINED_BYTES = 32L << 20;
  private static final long DRAIN_MILLIS = 6_000;

  private final HttpServer server;
  private final ExecutorService executor;
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean closing;

  /**
   * Serves at {@code listen}.
   *
   * @param stores by the first segment of the path, such as {@code strong}
   * @param status makes the JSON of {@code /status}
   * @param metrics makes the text of {@code /metrics}
   * @throws IOException if the address cannot be bound
   */
  HttpApi(
      Address listen,
      Map<String, KeyValueStore> stores,
      Supplier<String> status,
      Supplier<String> metrics)
      throws IOException {
    // The server reads these once, when its classes are loaded.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.idleInterval", "120");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
    this.server = HttpServer.create(new InetSocketAddress(listen.host(), listen.port()), 1_024);
    this.executor =
        new ThreadPoolExecutor(
            0, MAX_THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), this::onHttpThread);
    server.setExecutor(executor);
    new TreeMap<>(stores)
        .forEach((name, store) -> serve("/" + name, x -> operate(x, "/" + name + "/", store)));
    serve("/status", x -> page(x, "application/json", status));
    serve("/metrics", x -> page(x, "text/plain; version=0.0.4; charset=utf-8", metrics));
    serve("/", x -> reply(x, 404, "no such page"));
    server.start();
  }

  /** Where it really listens. */
  Address address() {
    InetSocketAddress bound = server.getAddress();
    return new Address(bound.getAddress().getHostAddress(), bound.getPort());
  }

  /** Refuses new requests, answers what is in flight, then stops. */
  @Override
  public void close() {
    closing = true;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
    try {
      while (inFlight.get() > 0 && System.nanoTime() - deadline < 0) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop(0);
    executor.shutdown();
  }

  private interface Page {
    void handle(HttpExchange exchange) throws IOException;
  }

  private void serve(String path, Page page) {
    server.createContext(
        path,
        exchange -> {
          inFlight.incrementAndGet();
          try {
            if (closing) {
              reply(exchange, new Answer.Refused("node is stopping"), exchange.getRequestMethod());
            } else {
              page.handle(exchange);
            }
          } catch (BadRequestException e) {
            reply(exchange, e.status(), e.getMessage());
          } catch (IOException | RuntimeException e) {
            log.warn("request failed path={}", path, e);
            finish(exchange);
          }
        });
  }

  private void page(HttpExchange exchange, String contentType, Supplier<String> text) {
    if (!exchange.getRequestMethod().equals("GET")) {
      throw methodNotAllowed(exchange, "GET");
    }
    exchange.getResponseHeaders().set("Content-Type", contentType);
    send(exchange, 200, text.get().getBytes(StandardCharsets.UTF_8));
  }

  private void operate(HttpExchange exchange, String prefix, KeyValueStore store)
      throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    if (!path.startsWith(prefix)) {
      throw new BadRequestException(path.equals(withoutSlash(prefix)) ? 400 : 404, "no key in path");
    }
    String method = exchange.getRequestMethod();
    if (!Set.of("GET", "PUT", "DELETE").contains(method)) {
      throw methodNotAllowed(exchange, "GET, PUT, DELETE");
    }
    KeyRequest request = KeyRequest.of(exchange.getRequestURI(), prefix);
    Headers headers = exchange.getRequestHeaders();
    Condition condition =
        Condition.of(
            headers.getOrDefault("If-Match", List.of()),
            headers.getOrDefault("If-None-Match", List.of()));
    check(request, method, condition, store);
    CompletableFuture<Answer> answer =
        switch (method) {
          case "GET" -> store.get(request.key(), request.consistency());
          case "PUT" ->
              store.put(request.key(), body(exchange), condition, request.consistency());
          default -> store.delete(request.key(), condition, request.consistency());
        };
    // The store keeps its own, shorter deadline; this one keeps the promise if it does not.
    answer
        .completeOnTimeout(
            new Answer.Indeterminate("no answer in time"),
            ANSWER_WITHIN_MILLIS,
            TimeUnit.MILLISECONDS)
        .exceptionally(failure -> new Answer.Indeterminate("internal error: " + failure))
        .thenAccept(outcome -> replyLater(exchange, outcome, method));
  }

  private static void check(
      KeyRequest request, String method, Condition condition, KeyValueStore store) {
    boolean read = method.equals("GET");
    Set<String> known = read ? store.readConsistencies() : store.writeConsistencies();
    if (!known.contains(request.consistency())) {
      throw new BadRequestException(400, "unknown consistency for " + method);
    }
    if (!(condition instanceof Condition.None)) {
      if (read) {
        throw new BadRequestException(400, "GET takes no condition");
      }
      if (!store.takesConditions()) {
        throw new BadRequestException(400, "this store takes no conditions, /strong does");
      }
      if (condition instanceof Condition.IsAbsent && method.equals("DELETE")) {
        throw new BadRequestException(400, "DELETE takes no If-None-Match");
      }
    }
  }

  private static byte[] body(HttpExchange exchange) throws IOException {
    InputStream in = exchange.getRequestBody();
    byte[] value = in.readNBytes(MAX_VALUE_BYTES + 1);
    if (value.length > MAX_VALUE_BYTES) {
      // Who is still sending would find the connection reset instead of the answer.
      drain(in);
      throw new BadRequestException(413, "value must be at most " + MAX_VALUE_BYTES + " bytes");
    }
    return value;
  }

  private static void drain(InputStream in) throws IOException {
    byte[] unwanted = new byte[1 << 16];
    long drained = 0;
    int count = 0;
    while (count >= 0 && drained < MAX_DRAINED_BYTES) {
      drained += count;
      count = in.read(unwanted);
    }
  }

  private void replyLater(HttpExchange exchange, Answer answer, String method) {
    try {
      executor.execute(() -> reply(exchange, answer, method));
    } catch (RejectedExecutionException e) {
      // All threads are busy: this one, a store's, must do it after all.
      reply(exchange, answer, method);
    }
  }

  private void reply(HttpExchange exchange, Answer answer, String method) {
    Headers headers = exchange.getResponseHeaders();
    if (answer instanceof Answer.Value value) {
      headers.set("ETag", '"' + value.version() + '"');
      headers.set("Content-Type", "application/octet-stream");
      send(exchange, 200, value.value());
    } else if (answer instanceof Answer.Written written) {
      headers.set("ETag", '"' + written.version() + '"');
      send(exchange, 204, new byte[0]);
    } else if (answer instanceof Answer.Absent) {
      reply(exchange, 404, "no such key");
    } else if (answer instanceof Answer.ConditionFailed) {
      reply(exchange, 412, "the condition does not hold");
    } else if (answer instanceof Answer.Refused refused) {
      headers.set(OUTCOME, "refused");
      reply(exchange, 503, refused.reason());
    } else if (answer instanceof Answer.Indeterminate indeterminate) {
      // A read has no effect to be unsure about.
      headers.set(OUTCOME, method.equals("GET") ? "refused" : "indeterminate");
      reply(exchange, 503, indeterminate.reason());
    } else {
      throw new AssertionError("unhandled answer " + answer);
    }
  }

  private void reply(HttpExchange exchange, int status, String text) {
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    send(exchange, status, (text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private void send(HttpExchange exchange, int status, byte[] body) {
    try {
      boolean bare = status == 204 || exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(status, bare ? -1 : body.length == 0 ? -1 : body.length);
      if (!bare && body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    } catch (IOException e) {
      log.debug("client went away", e);
    } finally {
      finish(exchange);
    }
  }

  private void finish(HttpExchange exchange) {
    exchange.close();
    inFlight.decrementAndGet();
  }

  private static String withoutSlash(String prefix) {
    return prefix.substring(0, prefix.length() - 1);
  }

  private static BadRequestException methodNotAllowed(HttpExchange exchange, String allowed) {
    exchange.getResponseHeaders().set("Allow", allowed);
    return new BadRequestException(405, "method must be one of " + allowed);
  }

  private Thread onHttpThread(Runnable task) {
    Thread thread = new Thread(task, "http");
    thread.setDaemon(true);
    return thread;
  }
}
