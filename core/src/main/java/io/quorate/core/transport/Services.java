package io.quorate.core.transport;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.Text;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The open endpoints of one node by service, and who is to be told of peers that come and go.
 * Thread-safe.
 */
final class Services {
  /** Different services that a node may open in its life. */
  static final int MAX_SERVICES = 4_096;

  private final Carrier carrier;

  /** What stands for each service that was ever open here. */
  private final SortedMap<String, Integer> numbers = new TreeMap<>();

  private final ConcurrentSkipListMap<String, ServiceEndpoint> open = new ConcurrentSkipListMap<>();

  /** Connections with each peer, in either direction; none of them 0. */
  private final SortedMap<NodeId, Integer> connections = new TreeMap<>();

  private boolean closed;

  Services(Carrier carrier) {
    this.carrier = carrier;
  }

  synchronized ServiceEndpoint open(String service, EventLoop loop, Handler handler) {
    Text.requireName("service", service);
    if (closed) {
      throw new IllegalStateException("transport is closed");
    }
    if (numbers.size() >= MAX_SERVICES && !numbers.containsKey(service)) {
      throw new IllegalStateException("more than " + MAX_SERVICES + " services");
    }
    int number = numbers.computeIfAbsent(service, unused -> numbers.size());
    ServiceEndpoint endpoint = new ServiceEndpoint(carrier, service, number, loop, handler);
    if (open.putIfAbsent(service, endpoint) != null) {
      throw new IllegalStateException("service is open already: " + service);
    }
    return endpoint;
  }

  /** The endpoint of {@code service}; null if it is not open. */
  ServiceEndpoint find(String service) {
    return open.get(service);
  }

  void remove(ServiceEndpoint endpoint) {
    open.remove(endpoint.service(), endpoint);
  }

  /** A connection with {@code peer} has come up. */
  synchronized void connected(NodeId peer) {
    if (connections.merge(peer, 1, Integer::sum) == 1) {
      open.values().forEach(endpoint -> endpoint.connected(peer));
    }
  }

  /** A connection with {@code peer} has gone. */
  synchronized void disconnected(NodeId peer) {
    Integer left = connections.computeIfPresent(peer, (id, n) -> n == 1 ? null : n - 1);
    if (left == null) {
      open.values().forEach(endpoint -> endpoint.disconnected(peer));
    }
  }

  void writable(NodeId peer) {
    open.values().forEach(endpoint -> endpoint.writable(peer));
  }

  /** Refuses new endpoints and closes the open ones. */
  void close() {
    Collection<ServiceEndpoint> endpoints;
    synchronized (this) {
      closed = true;
      endpoints = List.copyOf(open.values());
    }
    endpoints.forEach(ServiceEndpoint::close);
  }
}
