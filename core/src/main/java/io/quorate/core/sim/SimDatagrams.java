package io.quorate.core.sim;

import io.quorate.core.EventLoop;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Datagrams;
import java.util.ArrayList;
import java.util.TreeMap;

/** The datagram sockets of one process. */
final class SimDatagrams implements Datagrams {
  private static final int FIRST_FREE_PORT = 32_768;

  private final SimEnvironment owner;
  private final TreeMap<Integer, Bound> sockets = new TreeMap<>();
  private int nextPort = FIRST_FREE_PORT;

  SimDatagrams(SimEnvironment owner) {
    this.owner = owner;
  }

  @Override
  public Socket bind(Address local, EventLoop loop, Receiver receiver) {
    owner.requireAlive();
    int port = local.port() == 0 ? nextPort++ : local.port();
    if (sockets.containsKey(port)) {
      throw new IllegalStateException("port " + port + " is in use on " + owner.self());
    }
    Address address = new Address(owner.node().address().host(), port);
    Bound socket = new Bound(address, (SimLoop) loop, receiver);
    sockets.put(port, socket);
    return socket;
  }

  void closeAll() {
    new ArrayList<>(sockets.values()).forEach(Bound::close);
  }

  private void receive(Address from, int port, byte[] payload) {
    Bound socket = sockets.get(port);
    if (socket != null) {
      socket.loop.fire(
          () -> {
            if (!socket.closed) {
              socket.receiver.onDatagram(from, payload);
            }
          });
    }
  }

  private final class Bound implements Socket {
    private final Address address;
    private final SimLoop loop;
    private final Receiver receiver;
    private boolean closed;

    Bound(Address address, SimLoop loop, Receiver receiver) {
      this.address = address;
      this.loop = loop;
      this.receiver = receiver;
    }

    @Override
    public Address address() {
      return address;
    }

    @Override
    public void send(Address to, byte[] payload) {
      if (payload.length > MAX_PAYLOAD_BYTES) {
        throw new IllegalArgumentException(
            "payload must be at most " + MAX_PAYLOAD_BYTES + " bytes, was " + payload.length);
      }
      SimNetwork network = owner.simulation().network();
      SimNode<?> target = network.host(to.host());
      if (closed || target == null) {
        return;
      }
      Link link = network.link(owner.node(), target);
      byte[] sent = payload.clone();
      if (!link.loses() && !link.corrupts()) {
        transmit(link, to.port(), sent);
      }
      if (link.duplicates()) {
        transmit(link, to.port(), sent);
      }
    }

    private void transmit(Link link, int port, byte[] payload) {
      Simulation simulation = owner.simulation();
      simulation.enqueue(
          new SimNetwork.Delivery(
              Event.Kind.DATAGRAM,
              link.to,
              simulation.digestOfTrace().checksum(payload),
              () -> {
                if (link.to.isRunning() && !link.isBlocked(simulation.timeNanos())) {
                  link.to.process().simDatagrams().receive(address, port, payload.clone());
                }
              }),
          link.datagramArrivalNanos(simulation.stampNanos(), payload.length));
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        sockets.remove(address.port());
      }
    }
  }
}
