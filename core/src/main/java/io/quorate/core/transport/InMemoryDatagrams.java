package io.quorate.core.transport;

import io.quorate.core.EventLoop;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** Datagrams of one node within one JVM. What finds the receiver busy is dropped. Thread-safe. */
final class InMemoryDatagrams implements Datagrams, AutoCloseable {
  /** Datagrams that may wait for one receiver; more are dropped. */
  private static final int MAX_WAITING = 4_096;

  private final InMemoryNetwork network;
  private final Set<InMemorySocket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  InMemoryDatagrams(InMemoryNetwork network) {
    this.network = network;
  }

  @Override
  public Socket bind(Address local, EventLoop loop, Receiver receiver) {
    if (closed) {
      throw new IllegalStateException("datagrams are closed");
    }
    InMemorySocket socket = new InMemorySocket(loop, receiver);
    socket.address = network.bind(local, socket);
    open.add(socket);
    if (closed) {
      socket.close();
    }
    return socket;
  }

  @Override
  public void close() {
    closed = true;
    open.forEach(InMemorySocket::close);
  }

  /** One bound socket. */
  final class InMemorySocket implements Socket {
    private final EventLoop loop;
    private final Receiver receiver;
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile Address address;
    private volatile boolean gone;

    private InMemorySocket(EventLoop loop, Receiver receiver) {
      this.loop = loop;
      this.receiver = receiver;
    }

    @Override
    public Address address() {
      return address;
    }

    @Override
    public void send(Address to, byte[] payload) {
      requireSmall(payload);
      InMemorySocket target = network.socketAt(to);
      if (!gone && target != null) {
        target.receive(address, payload.clone());
      }
    }

    @Override
    public void close() {
      gone = true;
      open.remove(this);
      network.unbind(address, this);
    }

    private void receive(Address from, byte[] payload) {
      if (waiting.incrementAndGet() > MAX_WAITING) {
        waiting.decrementAndGet();
        return;
      }
      try {
        loop.execute(
            () -> {
              waiting.decrementAndGet();
              if (!gone) {
                give(receiver, from, payload);
              }
            });
      } catch (RejectedExecutionException e) {
        // The receiver's node is closing: the datagram is lost, as datagrams may be.
        waiting.decrementAndGet();
      }
    }
  }

  /** Calls the receiver, whatever it throws. */
  static void give(Receiver receiver, Address from, byte[] payload) {
    try {
      receiver.onDatagram(from, payload);
    } catch (Throwable e) {
      // Whatever it was, other datagrams and sockets go on.
      NettyLoops.log.error("receiver of datagrams failed from={}", from, e);
    }
  }

  static void requireSmall(byte[] payload) {
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "datagram must be at most " + MAX_PAYLOAD_BYTES + " bytes, was " + payload.length);
    }
  }
}
