package io.quorate.examples.node;

import io.quorate.core.transport.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 over blocking sockets, with a thread for each connection, at most {@link
 * #MAX_CONNECTIONS}; further ones wait to be accepted. One that has been silent for two minutes
 * between requests, or that sends one too slowly, is closed.
 *
 * <p>The JDK's own server answers a malformed target by itself, and resets the connection of a
 * client that is still sending: this one reads every request to its end.
 */
final class HttpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
  private static final int MAX_CONNECTIONS = 4_096;
  private static final int BACKLOG = 1_024;
  private static final long STACK_BYTES = 512 << 10;
  private static final long DRAIN_MILLIS = 5_500;

  private final ServerSocket server;
  private final int maxBodyBytes;
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final Semaphore room = new Semaphore(MAX_CONNECTIONS);
  private final AtomicInteger inFlight = new AtomicInteger();
  private Function<HttpRequest, HttpReply> pages;
  private volatile boolean closing;

  /**
   * Listens at {@code listen}; who connects waits until it is told to {@link #serve}.
   *
   * @param maxBodyBytes larger bodies are read and forgotten
   * @throws IOException if the address cannot be bound
   */
  HttpServer(Address listen, int maxBodyBytes) throws IOException {
    this.maxBodyBytes = maxBodyBytes;
    this.server = new ServerSocket();
    server.setReuseAddress(true);
    try {
      server.bind(
          new InetSocketAddress(InetAddress.getByName(listen.host()), listen.port()), BACKLOG);
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot listen for HTTP at " + listen + ": " + e.getMessage(), e);
    }
  }

  /** Begins; {@code pages} answers each request, within the time that a client is promised. */
  void serve(Function<HttpRequest, HttpReply> pages) {
    this.pages = pages;
    start("http-accept", this::accept);
  }

  /** Where it really listens. */
  Address address() {
    return new Address(server.getInetAddress().getHostAddress(), server.getLocalPort());
  }

  boolean isClosing() {
    return closing;
  }

  /** Accepts nothing more, answers what is in flight, then ends all connections. */
  @Override
  public void close() {
    closing = true;
    end(server);
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(DRAIN_MILLIS);
    try {
      while (inFlight.get() > 0 && System.nanoTime() - deadline < 0) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.forEach(HttpServer::end);
  }

  private void accept() {
    while (!closing) {
      room.acquireUninterruptibly();
      try {
        Socket socket = server.accept();
        connections.add(socket);
        start("http", () -> talk(socket));
      } catch (IOException e) {
        room.release();
        if (!closing) {
          // Out of descriptors, as a rule: those that end make room.
          log.warn("cannot accept a connection reason={}", e.getMessage());
          pause();
        }
      }
    }
  }

  private void talk(Socket socket) {
    try {
      socket.setTcpNoDelay(true);
      HttpInput input = new HttpInput(socket, maxBodyBytes, () -> goOn(socket));
      boolean more = true;
      while (more && input.awaitRequest()) {
        inFlight.incrementAndGet();
        try {
          more = answerOne(socket, input);
        } finally {
          inFlight.decrementAndGet();
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("client went away", e);
    } finally {
      connections.remove(socket);
      end(socket);
      room.release();
    }
  }

  /** Whether the connection may go on. */
  private boolean answerOne(Socket socket, HttpInput input) throws IOException {
    HttpRequest request;
    try {
      request = input.read();
    } catch (HttpInput.UnreadableException e) {
      write(socket, HttpReply.text(e.status(), e.getMessage()).encoded(false, false));
      socket.shutdownOutput();
      return false;
    }
    HttpReply reply = pages.apply(request);
    boolean keepAlive = request.keepAlive() && !closing;
    write(socket, reply.encoded(keepAlive, request.method().equals("HEAD")));
    return keepAlive;
  }

  private static void goOn(Socket socket) {
    try {
      write(socket, "HTTP/1.1 100 Continue\r\n\r\n".getBytes(
          StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Socket socket, byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  private static void end(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      // It is of no use any more, whatever became of it.
      log.debug("socket did not close", e);
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(null, task, name, STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }
}
