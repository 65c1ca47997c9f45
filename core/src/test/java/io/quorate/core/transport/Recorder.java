package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A handler that remembers what it was called with and answers as the payload says: {@code
 * refuse:}, {@code fail:}, {@code throw:}, {@code twice:}, {@code ignore:} (the request is held);
 * anything else is echoed.
 */
final class Recorder implements Handler {
  private final Log<Received> messages = new Log<>();
  private final Log<Received> requests = new Log<>();
  private final Log<Request> held = new Log<>();
  private final Log<NodeId> connected = new Log<>();
  private final Log<NodeId> disconnected = new Log<>();
  private final Log<NodeId> writable = new Log<>();
  private volatile EventLoop loop;
  private volatile boolean outsideLoop;

  /** Things that happened, each with a future for who waits for it. */
  private static final class Log<T> {
    private final List<T> all = new ArrayList<>();
    private final Map<Integer, CompletableFuture<T>> waiting = new HashMap<>();

    synchronized void add(T what) {
      all.add(what);
      future(all.size() - 1).complete(what);
    }

    synchronized CompletableFuture<T> future(int index) {
      return waiting.computeIfAbsent(
          index,
          i ->
              i < all.size()
                  ? CompletableFuture.completedFuture(all.get(i))
                  : new CompletableFuture<>());
    }

    synchronized List<T> copy() {
      return List.copyOf(all);
    }
  }

  void loop(EventLoop loop) {
    this.loop = loop;
  }

  CompletableFuture<Received> message(int index) {
    return messages.future(index);
  }

  CompletableFuture<Received> request(int index) {
    return requests.future(index);
  }

  CompletableFuture<NodeId> connected(int index) {
    return connected.future(index);
  }

  CompletableFuture<NodeId> disconnected(int index) {
    return disconnected.future(index);
  }

  CompletableFuture<NodeId> writable(int index) {
    return writable.future(index);
  }

  List<String> messages() {
    return messages.copy().stream().map(each -> new String(each.payload(), UTF_8)).toList();
  }

  int requestsFrom(NodeId peer) {
    return (int) requests.copy().stream().filter(each -> each.from().equals(peer)).count();
  }

  Request held(int index) {
    return held.copy().get(index);
  }

  boolean alwaysInLoop(EventLoop expected) {
    return loop == expected && !outsideLoop;
  }

  @Override
  public void onMessage(NodeId from, byte[] payload) {
    checkLoop();
    messages.add(new Received(from, payload));
  }

  @Override
  public void onRequest(Request request) {
    checkLoop();
    byte[] payload = request.payload();
    String text = new String(payload, 0, Math.min(payload.length, 64), UTF_8);
    String rest = text.substring(text.indexOf(':') + 1);
    if (text.startsWith("refuse:")) {
      request.refuse(rest);
    } else if (text.startsWith("fail:")) {
      request.fail(rest);
    } else if (text.startsWith("throw:")) {
      throw new IllegalStateException("thrown by the test's handler");
    } else if (text.startsWith("ignore:")) {
      held.add(request);
    } else if (text.startsWith("twice:")) {
      request.respond(payload.clone());
      request.respond("second".getBytes(UTF_8));
      request.refuse("third");
    } else {
      request.respond(payload.clone());
    }
    requests.add(new Received(request.from(), payload));
  }

  @Override
  public void onConnected(NodeId peer) {
    checkLoop();
    connected.add(peer);
  }

  @Override
  public void onDisconnected(NodeId peer) {
    checkLoop();
    disconnected.add(peer);
  }

  @Override
  public void onWritable(NodeId peer) {
    checkLoop();
    writable.add(peer);
  }

  private void checkLoop() {
    EventLoop expected = loop;
    if (expected != null && !expected.inLoop()) {
      outsideLoop = true;
    }
  }
}
