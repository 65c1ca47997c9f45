package io.quorate.core.sim;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.Text;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Transport;
import io.quorate.core.transport.TransportLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/** The transport of one process: connections to its peers, and the services that it has opened. */
final class SimTransport implements Transport {
  private static final Pattern SERVICE = Pattern.compile("[a-zA-Z0-9._-]{1,64}");
  private static final long MIN_BACKOFF_NANOS = 50_000_000;
  private static final long MAX_BACKOFF_NANOS = 1_000_000_000;

  private final SimEnvironment owner;
  private final Simulation simulation;
  private final SimNetwork network;
  private final TreeMap<NodeId, Peer> peers = new TreeMap<>();
  private final TreeMap<NodeId, Integer> connectionCounts = new TreeMap<>();
  private final TreeMap<String, SimEndpoint> endpoints = new TreeMap<>();
  private long lastRequestId;

  SimTransport(SimEnvironment owner) {
    this.owner = owner;
    this.simulation = owner.simulation();
    this.network = simulation.network();
  }

  SimNode<?> node() {
    return owner.node();
  }

  SimEnvironment owner() {
    return owner;
  }

  @Override
  public NodeId self() {
    return owner.self();
  }

  @Override
  public Address address() {
    return owner.node().address();
  }

  @Override
  public void setPeer(NodeId id, Address address) {
    if (id.equals(self())) {
      throw new IllegalArgumentException("peer must be another node, was " + id + " itself");
    }
    Peer known = peers.get(id);
    if (known == null) {
      peers.put(id, new Peer(id, address));
    } else if (!known.address.equals(address)) {
      known.forget();
      peers.put(id, new Peer(id, address));
    }
  }

  @Override
  public void removePeer(NodeId id) {
    Peer peer = peers.remove(id);
    if (peer != null) {
      peer.forget();
    }
    for (Connection connection : network.connectionsOf(this)) {
      if (connection.acceptor.transport == this && connection.dialer.node.id().equals(id)) {
        connection.acceptor.fail();
      }
    }
  }

  @Override
  public Endpoint open(String service, EventLoop loop, Handler handler) {
    if (service == null || !SERVICE.matcher(service).matches()) {
      throw new IllegalArgumentException(
          "service must be 1 to 64 of a-z A-Z 0-9 . _ -, was " + Text.quote(service));
    }
    owner.requireAlive();
    if (endpoints.containsKey(service)) {
      throw new IllegalStateException("service " + service + " is open already");
    }
    SimEndpoint endpoint = new SimEndpoint(this, service, (SimLoop) loop, handler);
    endpoints.put(service, endpoint);
    return endpoint;
  }

  void closed(SimEndpoint endpoint) {
    endpoints.remove(endpoint.service());
  }

  long nextRequestId() {
    return ++lastRequestId;
  }

  int maxFrameBytes() {
    return network.options().limits().maxPayloadBytes();
  }

  int checksum(byte[] payload) {
    return simulation.digestOfTrace().checksum(payload);
  }

  /** The connection by which a payload can go to {@code to} now. */
  Outgoing outgoing(NodeId to, int payloadBytes, boolean asRequest) {
    if (!owner.isAlive()) {
      return Outgoing.not("the node is closed");
    }
    Peer peer = peers.get(to);
    if (peer == null) {
      return Outgoing.not(to + " was never named");
    }
    Connection connection = peer.connection();
    if (connection == null) {
      return Outgoing.not("no connection to " + to);
    }
    TransportLimits limits = connection.acceptor.incoming.options().limits();
    if (asRequest && connection.pending.size() >= limits.maxRequestsInFlight()) {
      return Outgoing.not("too many requests in flight to " + to);
    }
    long waitingBytes = connection.waitingBytes;
    if (waitingBytes > 0 && waitingBytes + payloadBytes > limits.highWaterBytes()) {
      connection.congested = true;
    }
    return connection.congested
        ? Outgoing.not("too much waits for " + to)
        : new Outgoing(connection, "");
  }

  /**
   * A way to a peer.
   *
   * @param connection null if there is none
   * @param whyNot why there is none
   */
  record Outgoing(Connection connection, String whyNot) {
    static Outgoing not(String why) {
      return new Outgoing(null, why);
    }

    boolean isPossible() {
      return connection != null;
    }
  }

  void send(Connection connection, Frame frame) {
    connection.waitingBytes += frame.size();
    if (connection.isEstablished()) {
      connection.dialer.transmit(frame);
    } else {
      connection.unsent.add(frame);
    }
  }

  boolean isWritable(NodeId to) {
    Peer peer = peers.get(to);
    return peer != null && (peer.dialled == null || !peer.dialled.congested);
  }

  /** A frame has arrived at this process. */
  void receive(Connection.Side side, Frame frame) {
    if (frame.payload().length > 0 && checksum(frame.payload()) != frame.checksum()) {
      throw new AssertionError(
          "payload from " + side.peer().id() + " was modified after it was sent");
    }
    Connection connection = side.connection();
    switch (frame.kind()) {
      case MESSAGE -> {
        SimEndpoint endpoint = endpoints.get(frame.service());
        if (endpoint != null) {
          endpoint.onMessage(side.peer().id(), frame.payload().clone());
        }
      }
      case REQUEST -> serve(side, frame);
      case CANCEL -> {
        SimRequest request = connection.serving.remove(frame.id());
        if (request != null) {
          request.cancel();
        }
      }
      case RESPONSE, REFUSED, FAILED -> {
        SimEndpoint.Pending pending = connection.pending.remove(frame.id());
        if (pending != null) {
          pending.answer(frame);
        }
      }
      default -> throw new AssertionError("unhandled frame " + frame.kind());
    }
  }

  private void serve(Connection.Side side, Frame frame) {
    SimRequest request = new SimRequest(this, side, frame);
    side.connection().serving.put(frame.id(), request);
    SimEndpoint endpoint = endpoints.get(frame.service());
    if (endpoint == null) {
      request.refuse("no service " + frame.service());
    } else {
      endpoint.onRequest(request);
    }
  }

  void accepted(Connection connection) {
    NodeId id = connection.dialer.node.id();
    count(id, 1);
    Peer peer = peers.get(id);
    if (peer != null) {
      peer.heardOf();
    }
  }

  void lostAccepted(Connection connection) {
    count(connection.dialer.node.id(), -1);
  }

  void lostDialled(Connection connection) {
    NodeId id = connection.acceptor.node.id();
    Peer peer = peers.get(id);
    if (peer != null && peer.dialled == connection) {
      peer.lost();
    }
    List<SimEndpoint.Pending> failed = new ArrayList<>(connection.pending.values());
    connection.pending.clear();
    failed.forEach(pending -> pending.disconnected(connection.isEstablished()));
    connection.unsent.clear();
    if (connection.isEstablished()) {
      count(id, -1);
    }
    if (connection.congested) {
      connection.congested = false;
      writable(connection);
    }
  }

  void writable(Connection connection) {
    NodeId peer = connection.acceptor.node.id();
    tell((handler, id) -> handler.onWritable(id), peer);
  }

  /** The process ends in an orderly way: what waits for answers is told. */
  void close() {
    new ArrayList<>(endpoints.values()).forEach(SimEndpoint::close);
  }

  /** The process ends. */
  void die(boolean silently) {
    for (Connection connection : network.connectionsOf(this)) {
      for (Connection.Side side : connection.sides()) {
        if (side.transport == this && side.open) {
          side.die(silently);
        }
      }
    }
  }

  private void count(NodeId peer, int change) {
    int before = connectionCounts.getOrDefault(peer, 0);
    connectionCounts.put(peer, before + change);
    if (before == 0 && change > 0) {
      tell((handler, id) -> handler.onConnected(id), peer);
    } else if (before + change == 0) {
      tell((handler, id) -> handler.onDisconnected(id), peer);
    }
  }

  private void tell(BiConsumer<Handler, NodeId> notice, NodeId peer) {
    if (owner.isAlive()) {
      endpoints.values().forEach(endpoint -> endpoint.tell(notice, peer));
    }
  }

  /** Another node as this one knows it. */
  private final class Peer {
    private final NodeId id;
    private final Address address;
    private Connection dialled;
    private long backoffNanos = MIN_BACKOFF_NANOS;
    private boolean waiting;
    private boolean forgotten;

    Peer(NodeId id, Address address) {
      this.id = id;
      this.address = address;
    }

    /** The connection, made if there is none; null while waiting to try again. */
    Connection connection() {
      if (dialled == null && !waiting) {
        dial();
      }
      return dialled;
    }

    private void dial() {
      SimNode<?> target = network.host(address.host());
      if (target == null) {
        retryLater();
        return;
      }
      Connection connection = new Connection(network, SimTransport.this, target);
      dialled = connection;
      network.add(connection);
      long nowNanos = simulation.stampNanos();
      network.deliver(
          target,
          connection.acceptor.incoming.streamArrivalNanos(nowNanos, 1),
          0,
          () -> hello(connection, target));
      simulation.schedule(
          nowNanos + network.options().idleTimeout().toNanos(),
          owner,
          Event.Kind.NETWORK,
          () -> {
            if (connection.dialer.open && !connection.isEstablished()) {
              connection.dialer.fail();
            }
          });
    }

    /** The hello has reached the other machine. */
    private void hello(Connection connection, SimNode<?> target) {
      if (connection.acceptor.incoming.isBlocked(simulation.timeNanos())) {
        return;
      }
      SimTransport accepting = target.isRunning() ? target.process().transportOrNull() : null;
      boolean isWanted =
          accepting != null && target.id().equals(id) && target.address().equals(address)
              && target.cluster().equals(node().cluster());
      if (isWanted && connection.dialer.open) {
        connection.accept(accepting);
      }
      network.deliver(
          owner.node(),
          connection.dialer.incoming.streamArrivalNanos(simulation.timeNanos(), 1),
          0,
          () -> helloAnswered(connection, isWanted));
    }

    private void helloAnswered(Connection connection, boolean accepted) {
      if (!connection.dialer.open
          || connection.dialer.incoming.isBlocked(simulation.timeNanos())) {
        return;
      }
      if (accepted) {
        connection.establish();
        backoffNanos = MIN_BACKOFF_NANOS;
        count(id, 1);
      } else {
        connection.dialer.shut();
      }
    }

    private void lost() {
      dialled = null;
      retryLater();
    }

    private void retryLater() {
      waiting = true;
      long delayNanos = network.jitter(backoffNanos);
      backoffNanos = Math.min(MAX_BACKOFF_NANOS, 2 * backoffNanos);
      simulation.schedule(
          simulation.nowNanos() + delayNanos,
          owner,
          Event.Kind.NETWORK,
          () -> {
            waiting = false;
            if (!forgotten && dialled == null) {
              dial();
            }
          });
    }

    /** It has connected to this node: it is there, so there is nothing to wait for. */
    private void heardOf() {
      if (waiting && !forgotten) {
        waiting = false;
        backoffNanos = MIN_BACKOFF_NANOS;
        dial();
      }
    }

    private void forget() {
      forgotten = true;
      waiting = true;
      if (dialled != null) {
        dialled.problem = "the peer was removed";
        dialled.dialer.fail();
      }
    }
  }
}
