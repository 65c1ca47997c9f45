package io.quorate.core.transport;

import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.Text;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * What ties one node to the network: its event loops and, on them, its transport and datagrams.
 * Made by an {@link io.quorate.core.Environment}, from which everybody else takes the parts.
 * Thread-safe.
 */
public final class Network implements AutoCloseable {
  private final NettyLoops loops;
  private final Transport transport;
  private final Datagrams datagrams;
  private final List<Runnable> closers;

  /**
   * Who is on the network and what it runs on.
   *
   * @param self the node
   * @param cluster the name of its cluster; only nodes of the same cluster talk to each other
   * @param loops how many event loops to run; 1 to 1,024
   * @param clock the node's
   * @param metrics the node's
   * @param random chance for back-off and nonces
   */
  public record Node(
      NodeId self,
      String cluster,
      int loops,
      Clock clock,
      Metrics metrics,
      RandomGenerator random) {
    public Node {
      Objects.requireNonNull(self, "self");
      Text.requireName("cluster", cluster);
      if (loops < 1 || loops > 1_024) {
        throw new IllegalArgumentException("loops must be 1 to 1024, was " + loops);
      }
      Objects.requireNonNull(clock, "clock");
      Objects.requireNonNull(metrics, "metrics");
      Objects.requireNonNull(random, "random");
    }
  }

  private Network(
      NettyLoops loops, Transport transport, Datagrams datagrams, List<Runnable> closers) {
    this.loops = loops;
    this.transport = transport;
    this.datagrams = datagrams;
    this.closers = closers;
  }

  /**
   * Listens on TCP.
   *
   * @throws IllegalArgumentException if the listen address may not be used without TLS, or the TLS
   *     files cannot be used
   * @throws IllegalStateException if the listen address is in use
   */
  public static Network sockets(Node node, TransportOptions options) {
    NettyLoops loops = startLoops(node);
    Background background = new Background("quorate-" + node.self() + "-background");
    try {
      TcpTransport transport = new TcpTransport(node, options, loops, background);
      UdpDatagrams datagrams = new UdpDatagrams(loops, background, options.security());
      return new Network(
          loops,
          transport,
          datagrams,
          List.of(transport::close, datagrams::close, background::close));
    } catch (RuntimeException e) {
      background.close();
      loops.close();
      throw e;
    }
  }

  /** Joins {@code network} within this JVM. */
  public static Network inMemory(Node node, TransportOptions options, InMemoryNetwork network) {
    InMemoryTransport transport = new InMemoryTransport(network, node, options);
    InMemoryDatagrams datagrams = new InMemoryDatagrams(network);
    return new Network(
        startLoops(node), transport, datagrams, List.of(transport::close, datagrams::close));
  }

  /** The event loop called {@code name}: the same for the same name. */
  public EventLoop eventLoop(String name) {
    return loops.named(Text.requireName("event loop name", name));
  }

  /** All event loops. */
  public List<EventLoop> eventLoops() {
    return List.copyOf(loops.all());
  }

  public Transport transport() {
    return transport;
  }

  public Datagrams datagrams() {
    return datagrams;
  }

  /**
   * Closes connections and sockets, then ends the loops. What the loops were given before is done
   * first: components that were closed just now may have a last word to say. May be called twice.
   */
  @Override
  public void close() {
    loops.settle();
    closers.forEach(Runnable::run);
    loops.close();
  }

  private static NettyLoops startLoops(Node node) {
    return new NettyLoops("quorate-" + node.self() + "-", node.loops());
  }
}
