package io.quorate.examples.node;

import io.quorate.core.transport.Address;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores over HTTP/1.1. Every request is answered when its store has, or after {@link
 * #ANSWER_WITHIN_MILLIS} at the latest.
 */
final class HttpApi implements AutoCloseable {
  static final int MAX_VALUE_BYTES = 1 << 20;
  static final long ANSWER_WITHIN_MILLIS = 4_500;

  private static final Logger log = LoggerFactory.getLogger(HttpApi.class);
  private static final String OUTCOME = "Quorate-Outcome";

  private final Map<String, KeyValueStore> stores;
  private final Map<String, Supplier<HttpReply>> pages;
  private final Function<HttpRequest, Optional<HttpReply>> others;
  private final HttpServer server;

  /** Listens at {@code listen} for those that an interface will {@link #HttpApi serve}. */
  static HttpServer listen(Address listen) throws IOException {
    return new HttpServer(listen, MAX_VALUE_BYTES);
  }

  /**
   * Serves with {@code server}, and closes it in the end.
   *
   * @param stores by the first segment of the path, such as {@code strong}
   * @param status makes the JSON of {@code /status}
   * @param metrics makes the text of {@code /metrics}
   * @param others answers what is for none of these; empty for what is for nobody
   */
  HttpApi(
      HttpServer server,
      Map<String, KeyValueStore> stores,
      Supplier<String> status,
      Supplier<String> metrics,
      Function<HttpRequest, Optional<HttpReply>> others) {
    this.stores = new TreeMap<>(stores);
    this.pages =
        Map.of(
            "/status", () -> page("application/json", status.get()),
            "/metrics", () -> page("text/plain; version=0.0.4; charset=utf-8", metrics.get()));
    this.others = others;
    this.server = server;
    server.serve(this::answer);
  }

  /** Where it really listens. */
  Address address() {
    return server.address();
  }

  /** Refuses new requests, answers what is in flight, then stops. */
  @Override
  public void close() {
    server.close();
  }

  private HttpReply answer(HttpRequest request) {
    try {
      if (server.isClosing()) {
        return reply(new Answer.Refused("node is stopping"), request.method());
      }
      Supplier<HttpReply> page = pages.get(request.path());
      if (page != null) {
        requireMethod(request, Set.of("GET"), "GET");
        return page.get();
      }
      Optional<HttpReply> other = others.apply(request);
      return other.isPresent() ? other.get() : reply(operate(request), request.method());
    } catch (BadRequestException e) {
      HttpReply reply = HttpReply.text(e.status(), e.getMessage());
      return e.allowed().isEmpty() ? reply : reply.with("Allow", e.allowed());
    } catch (CompletionException e) {
      return reply(new Answer.Indeterminate(String.valueOf(e.getCause())), request.method());
    } catch (RuntimeException e) {
      log.warn("request failed method={} path={}", request.method(), request.path(), e);
      return reply(new Answer.Indeterminate("internal error"), request.method());
    }
  }

  private Answer operate(HttpRequest request) {
    String[] segments = request.path().split("/", 3);
    KeyValueStore store =
        segments.length > 1 && segments[0].isEmpty() ? stores.get(segments[1]) : null;
    if (store == null) {
      throw new BadRequestException(404, "no such page");
    }
    String method = request.method();
    requireMethod(request, Set.of("GET", "PUT", "DELETE"), "GET, PUT, DELETE");
    KeyRequest wanted = KeyRequest.of(segments.length > 2 ? segments[2] : "", request.query());
    Condition condition =
        Condition.of(request.values("if-match"), request.values("if-none-match"));
    check(wanted, method, condition, store);
    if (method.equals("PUT") && request.bodyTooLarge()) {
      throw new BadRequestException(413, "value must be at most " + MAX_VALUE_BYTES + " bytes");
    }
    CompletableFuture<Answer> answer =
        switch (method) {
          case "GET" -> store.get(wanted.key(), wanted.consistency());
          case "PUT" -> store.put(wanted.key(), request.body(), condition, wanted.consistency());
          default -> store.delete(wanted.key(), condition, wanted.consistency());
        };
    // The store keeps its own, shorter deadline; this one keeps the promise if it does not.
    return answer
        .completeOnTimeout(
            new Answer.Indeterminate("no answer in time"),
            ANSWER_WITHIN_MILLIS,
            TimeUnit.MILLISECONDS)
        .exceptionally(failure -> new Answer.Indeterminate("internal error: " + failure))
        .join();
  }

  private static void requireMethod(HttpRequest request, Set<String> allowed, String text) {
    if (!allowed.contains(request.method())) {
      throw new BadRequestException(405, "method must be one of " + text, text);
    }
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

  private static HttpReply reply(Answer answer, String method) {
    if (answer instanceof Answer.Value value) {
      return new HttpReply(
          200,
          Map.of("Content-Type", "application/octet-stream", "ETag", quoted(value.version())),
          value.value());
    }
    if (answer instanceof Answer.Written written) {
      return new HttpReply(204, Map.of("ETag", quoted(written.version())), new byte[0]);
    }
    if (answer instanceof Answer.Absent) {
      return HttpReply.text(404, "no such key");
    }
    if (answer instanceof Answer.ConditionFailed) {
      return HttpReply.text(412, "the condition does not hold");
    }
    if (answer instanceof Answer.Refused refused) {
      return HttpReply.text(503, refused.reason()).with(OUTCOME, "refused");
    }
    if (answer instanceof Answer.Indeterminate indeterminate) {
      // A read has no effect to be unsure about.
      boolean read = method.equals("GET");
      return HttpReply.text(503, indeterminate.reason())
          .with(OUTCOME, read ? "refused" : "indeterminate");
    }
    throw new AssertionError("unhandled answer " + answer);
  }

  private static HttpReply page(String contentType, String text) {
    return new HttpReply(
        200, Map.of("Content-Type", contentType), text.getBytes(StandardCharsets.UTF_8));
  }

  private static String quoted(String version) {
    return '"' + version + '"';
  }
}
