package io.quorate.core.transport;

import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The transport of one node within one JVM. Thread-safe. */
final class InMemoryTransport implements Transport, Carrier, AutoCloseable {
  private final InMemoryNetwork network;
  private final NodeId self;
  private final String cluster;
  private final TransportLimits limits;
  private final Clock clock;
  private final Address address;
  private final Services services = new Services(this);
  private final ConcurrentSkipListMap<NodeId, Address> peers = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<NodeId, InMemoryLink> links = new ConcurrentSkipListMap<>();
  private final List<InMemoryLink> incoming = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  InMemoryTransport(InMemoryNetwork network, Network.Node node, TransportOptions options) {
    this.network = network;
    this.self = node.self();
    this.cluster = node.cluster();
    this.limits = options.limits();
    this.clock = node.clock();
    this.address = network.listen(options.listen(), this);
  }

  @Override
  public NodeId self() {
    return self;
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void setPeer(NodeId peer, Address address) {
    Objects.requireNonNull(address, "address");
    requireOther(peer);
    Address former = peers.put(peer, address);
    if (former != null && !former.equals(address)) {
      drop(peer, "address of " + peer + " has changed");
    }
  }

  @Override
  public void removePeer(NodeId peer) {
    peers.remove(peer);
    drop(peer, "peer " + peer + " was removed");
  }

  @Override
  public Endpoint open(String service, EventLoop loop, Handler handler) {
    return services.open(service, loop, handler);
  }

  @Override
  public boolean send(ServiceEndpoint from, NodeId to, byte[] payload) {
    InMemoryLink link = linkTo(to);
    return link != null && link.send(from.service(), payload);
  }

  @Override
  public void request(OutgoingRequest request) {
    InMemoryLink link = linkTo(request.to);
    if (link != null) {
      link.request(request);
    } else if (peers.containsKey(request.to)) {
      request.refuse("cannot reach " + request.to);
    } else {
      request.refuse("unknown peer " + request.to);
    }
  }

  @Override
  public void cancel(OutgoingRequest request) {
    if (request.carriedBy instanceof InMemoryLink link) {
      link.cancel(request);
    }
  }

  @Override
  public boolean isWritable(NodeId to) {
    InMemoryLink link = linkTo(to);
    return link != null && link.isWritable();
  }

  @Override
  public void closed(ServiceEndpoint endpoint) {
    services.remove(endpoint);
    String reason = "endpoint of service " + endpoint.service() + " was closed";
    links.values().forEach(link -> link.fail(endpoint, reason));
  }

  @Override
  public int maxPayloadBytes() {
    return limits.maxPayloadBytes();
  }

  @Override
  public long monotonicNanos() {
    return clock.monotonicNanos();
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    network.unlisten(address, this);
    services.close();
    links.keySet().forEach(peer -> drop(peer, "transport is closed"));
    incoming.forEach(link -> link.from().drop(self, self + " has closed the connection"));
  }

  TransportLimits limits() {
    return limits;
  }

  Services services() {
    return services;
  }

  /** The link to {@code peer}, made now if it can be; null if it cannot. */
  private InMemoryLink linkTo(NodeId peer) {
    InMemoryLink link = links.get(peer);
    return link != null ? link : connect(peer);
  }

  private synchronized InMemoryLink connect(NodeId peer) {
    Address where = peers.get(peer);
    InMemoryTransport target = where == null ? null : network.transportAt(where);
    if (target == null || !target.accepts(this, peer)) {
      return null;
    }
    InMemoryLink link = links.get(peer);
    if (link != null) {
      return link;
    }
    link = new InMemoryLink(this, target);
    links.put(peer, link);
    target.incoming.add(link);
    services.connected(peer);
    target.services.connected(self);
    if (target.closed) {
      // It may have looked for its incoming links before this one was there.
      drop(peer, peer + " has closed the connection");
      return null;
    }
    return link;
  }

  private boolean accepts(InMemoryTransport from, NodeId as) {
    return !closed && !from.closed && self.equals(as) && cluster.equals(from.cluster);
  }

  private void drop(NodeId peer, String reason) {
    InMemoryLink link;
    synchronized (this) {
      link = links.remove(peer);
      if (link == null) {
        return;
      }
      link.to().incoming.remove(link);
      services.disconnected(peer);
      link.to().services.disconnected(self);
    }
    link.close(reason);
  }

  private void requireOther(NodeId peer) {
    if (peer.equals(self)) {
      throw new IllegalArgumentException("peer must be another node, was " + peer + " itself");
    }
  }
}
