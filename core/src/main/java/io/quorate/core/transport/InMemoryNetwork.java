package io.quorate.core.transport;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Connects nodes that live in one JVM: real threads, no sockets. For tests, and for applications
 * that run several nodes in one process.
 *
 * <p>Keeps the promises of {@link Transport} and {@link Datagrams}: order, limits, back-pressure,
 * deadlines and cancellation are those of the real ones; payloads are copied on the way. Nothing is
 * lost but what is refused. Safe for use by many threads.
 */
public final class InMemoryNetwork {
  private static final int FIRST_FREE_PORT = 1_024;

  private final ConcurrentMap<Address, InMemoryTransport> transports = new ConcurrentHashMap<>();
  private final ConcurrentMap<Address, InMemoryDatagrams.InMemorySocket> sockets =
      new ConcurrentHashMap<>();
  private final AtomicInteger nextPort = new AtomicInteger(FIRST_FREE_PORT);

  /** A network without nodes. */
  public InMemoryNetwork() {}

  /** The transport that listens at {@code address}; null if there is none. */
  InMemoryTransport transportAt(Address address) {
    return transports.get(address);
  }

  /** The socket bound to {@code address}; null if there is none. */
  InMemoryDatagrams.InMemorySocket socketAt(Address address) {
    return sockets.get(address);
  }

  Address listen(Address wanted, InMemoryTransport transport) {
    return bind(transports, wanted, transport);
  }

  Address bind(Address wanted, InMemoryDatagrams.InMemorySocket socket) {
    return bind(sockets, wanted, socket);
  }

  void unlisten(Address address, InMemoryTransport transport) {
    transports.remove(address, transport);
  }

  void unbind(Address address, InMemoryDatagrams.InMemorySocket socket) {
    sockets.remove(address, socket);
  }

  private <T> Address bind(ConcurrentMap<Address, T> bound, Address wanted, T user) {
    if (wanted.port() != 0) {
      if (bound.putIfAbsent(wanted, user) != null) {
        throw new IllegalStateException("cannot bind " + wanted + ": address in use");
      }
      return wanted;
    }
    while (true) {
      int port = nextPort.getAndIncrement();
      if (port > 65_535) {
        throw new IllegalStateException("cannot bind " + wanted + ": no port is free");
      }
      Address free = new Address(wanted.host(), port);
      if (bound.putIfAbsent(free, user) == null) {
        return free;
      }
    }
  }
}
