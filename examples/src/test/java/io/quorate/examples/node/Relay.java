package io.quorate.examples.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One direction of dialling between two nodes: a TCP relay that can be cut and hung. */
final class Relay implements AutoCloseable {
  private enum State {
    OPEN,
    CUT,
    HUNG
  }

  private final ServerSocket server;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private State state = State.OPEN;

  /** Relays what arrives at a port of its own to {@code target} on this machine. */
  Relay(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Ends what is connected, and accepts nothing but to end it at once. */
  void cut() {
    set(State.CUT);
    sockets.forEach(Relay::end);
  }

  /** Keeps all connections, and takes new ones, but lets no byte through either way. */
  void hang() {
    set(State.HUNG);
  }

  /** Lets everything through again, also what has waited. */
  void heal() {
    set(State.OPEN);
  }

  @Override
  public void close() throws IOException {
    server.close();
    cut();
  }

  private synchronized void set(State state) {
    this.state = state;
    notifyAll();
  }

  private synchronized boolean isCut() {
    return state == State.CUT;
  }

  private synchronized void awaitMoving() throws InterruptedException {
    while (state == State.HUNG) {
      wait();
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket from = server.accept();
        sockets.add(from);
        if (isCut()) {
          end(from);
        } else {
          start(() -> connect(from));
        }
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void connect(Socket from) {
    Socket to = new Socket();
    sockets.add(to);
    try {
      awaitMoving();
      to.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 1_000);
      start(() -> pump(to, from));
      pump(from, to);
    } catch (IOException e) {
      // Nobody listens there now: the dialler learns of it by this end.
      end(from);
      end(to);
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a relay", e);
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] buffer = new byte[1 << 16];
    try {
      int count = from.getInputStream().read(buffer);
      while (count >= 0) {
        awaitMoving();
        to.getOutputStream().write(buffer, 0, count);
        count = from.getInputStream().read(buffer);
      }
    } catch (IOException e) {
      // Either end went away: so does the other, below.
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a relay", e);
    } finally {
      end(from);
      end(to);
    }
  }

  private static void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }
}
