package io.quorate.examples.training;

import io.quorate.core.transport.Address;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/** Passes connections on to an address and counts the bytes that go there. */
final class CountingRelay implements Closeable {
  private final ServerSocket server;
  private final Address to;
  private final AtomicLong bytes = new AtomicLong();

  CountingRelay(Address to) throws IOException {
    this.to = to;
    this.server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  Address address() {
    return new Address("127.0.0.1", server.getLocalPort());
  }

  /** All that went to the address so far, headers of TCP apart. */
  long bytes() {
    return bytes.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket from = server.accept();
        Socket onward = new Socket(to.host(), to.port());
        from.setTcpNoDelay(true);
        onward.setTcpNoDelay(true);
        daemon(() -> pass(from, onward, bytes));
        daemon(() -> pass(onward, from, new AtomicLong()));
      }
    } catch (IOException e) {
      // Closed: no more connections.
    }
  }

  private static void pass(Socket from, Socket to, AtomicLong count) {
    byte[] buffer = new byte[64 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        count.addAndGet(n);
        out.write(buffer, 0, n);
      }
    } catch (IOException e) {
      // One side is gone; try-with-resources has told the other.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
