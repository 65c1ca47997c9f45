package io.quorate.examples;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for processes that are started later, and started again on the same port. They lie below
 * those that systems give to outgoing connections, so nothing takes one by chance meanwhile. Each of
 * the two JVMs that the build runs these tests in chooses among its own.
 */
public final class Ports {
  private static final int COUNT = 10_000;
  private static final int FIRST = 12_000 + Integer.getInteger("test.fork", 1) % 2 * COUNT;
  private static final int ATTEMPTS = 1_000;

  private Ports() {}

  /** {@code count} ports of the loopback address that nobody listens on. */
  public static int[] free(int count) throws IOException {
    return ThreadLocalRandom.current()
        .ints(FIRST, FIRST + COUNT)
        .distinct()
        .limit(ATTEMPTS)
        .filter(Ports::isFree)
        .limit(count)
        .toArray();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
