package io.quorate.core.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The transport over TCP. To each peer goes one {@link Link}; what peers send comes on connections
 * that they make. Thread-safe.
 */
final class TcpTransport implements Transport, Carrier, Link.Dialer, AcceptedConnection.Acceptor {
  private static final int BACKLOG = 1_024;
  private static final long CLOSE_SECONDS = 1;

  private final TcpContext shared;
  private final Services services;
  private final NettyLoops loops;
  private final Background background;
  private final TlsContexts tls;

  /** For looking up; what is done to all is done in the order of their names. */
  private final ConcurrentMap<NodeId, Link> links = new ConcurrentHashMap<>();

  /** The one accepted connection of each peer that has introduced itself. */
  private final SortedMap<NodeId, AcceptedConnection> accepted = new TreeMap<>();

  private final Channel server;
  private final Address address;
  private boolean closed;

  TcpTransport(
      Network.Node node, TransportOptions options, NettyLoops loops, Background background) {
    this.services = new Services(this);
    this.loops = loops;
    this.background = background;
    InetAddress local = background.resolveNow(options.listen().host());
    options.security().checkListen(options.listen(), local);
    this.tls = TlsContexts.of(options, background);
    this.shared =
        new TcpContext(
            node.self(),
            node.cluster(),
            node.clock().wallMillis(),
            options,
            node.clock(),
            node.random(),
            services,
            new TransportMetrics(node.metrics()),
            new Warnings(node.clock()),
            new SparePayloads());
    this.server = bind(new InetSocketAddress(local, options.listen().port()));
    int port = ((InetSocketAddress) server.localAddress()).getPort();
    this.address = new Address(options.listen().host(), port);
  }

  @Override
  public NodeId self() {
    return shared.self();
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public synchronized void setPeer(NodeId peer, Address address) {
    Objects.requireNonNull(address, "address");
    if (peer.equals(self())) {
      throw new IllegalArgumentException("peer must be another node, was " + peer + " itself");
    }
    if (closed) {
      return;
    }
    Link link = links.get(peer);
    if (link == null) {
      links.put(peer, new Link(shared, this, peer, address, loops.next()));
    } else {
      link.moveTo(address);
    }
  }

  @Override
  public synchronized void removePeer(NodeId peer) {
    Link link = links.remove(peer);
    if (link != null) {
      link.close("peer " + peer + " was removed", () -> {});
    }
  }

  @Override
  public Endpoint open(String service, EventLoop loop, Handler handler) {
    return services.open(service, loop, handler);
  }

  @Override
  public boolean send(ServiceEndpoint from, NodeId to, byte[] payload) {
    Link link = links.get(to);
    return link != null && link.send(from, payload);
  }

  @Override
  public void request(OutgoingRequest request) {
    Link link = links.get(request.to);
    if (link == null) {
      request.refuse("unknown peer " + request.to);
    } else {
      link.request(request);
    }
  }

  @Override
  public void cancel(OutgoingRequest request) {
    if (request.carriedBy instanceof Link link) {
      link.cancel(request);
    }
  }

  @Override
  public boolean isWritable(NodeId to) {
    Link link = links.get(to);
    return link != null && link.isWritable();
  }

  @Override
  public void flush() {
    new TreeMap<>(links).values().forEach(Link::flush);
  }

  @Override
  public void closed(ServiceEndpoint endpoint) {
    services.remove(endpoint);
    new TreeMap<>(links).values().forEach(link -> link.endpointClosed(endpoint));
  }

  @Override
  public byte[] array(int bytes) {
    byte[] spare = shared.spares().find(bytes);
    return spare.length == bytes ? spare : new byte[bytes];
  }

  @Override
  public void recycle(byte[] payload) {
    shared.spares().give(payload);
  }

  @Override
  public int maxPayloadBytes() {
    return shared.limits().maxPayloadBytes();
  }

  @Override
  public long monotonicNanos() {
    return shared.clock().monotonicNanos();
  }

  /**
   * Stops accepting, fails what is pending and says goodbye. Waits up to a second for the goodbyes
   * to leave, unless on an event loop.
   */
  void close() {
    List<AcceptedConnection> callers;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      callers = List.copyOf(accepted.values());
    }
    server.close();
    services.close();
    List<Link> leaving = List.copyOf(new TreeMap<>(links).values());
    links.clear();
    CountDownLatch open = new CountDownLatch(leaving.size() + callers.size());
    leaving.forEach(link -> link.close("transport is closed", open::countDown));
    callers.forEach(caller -> caller.goodbye(self() + " is closing", open::countDown));
    if (loops.all().stream().noneMatch(NettyLoop::inLoop)) {
      awaitGoodbyes(open);
    }
    tls.close();
  }

  private void awaitGoodbyes(CountDownLatch open) {
    try {
      if (!open.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        NettyLoops.log.debug("connections still open after close count={}", open.getCount());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void dial(Address to, NettyLoop loop, DialedConnection connection, Failed failed) {
    background.resolve(
        to.host(),
        loop,
        (resolved, problem) -> {
          String trouble =
              resolved == null ? problem : shared.options().security().dialProblem(resolved);
          if (trouble.isEmpty()) {
            connect(new InetSocketAddress(resolved, to.port()), loop, connection, failed);
          } else {
            failed.failed(trouble);
          }
        });
  }

  private void connect(
      InetSocketAddress to, NettyLoop loop, DialedConnection connection, Failed failed) {
    ChannelFuture connected =
        new Bootstrap()
            .group(loop.netty())
            .channel(loops.kind().socket())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) shared.timeouts().connect().toMillis())
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    ChannelPipeline pipeline = channel.pipeline();
                    tls.addClient(pipeline);
                    pipeline.addLast(connection);
                  }
                })
            .connect(to);
    connected.addListener(
        done -> {
          if (!done.isSuccess()) {
            failed.failed(String.valueOf(done.cause().getMessage()));
          }
        });
  }

  private Channel bind(InetSocketAddress local) {
    TransportLimits limits = shared.limits();
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.kind().serverSocket())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .handler(new Admission(limits, shared.metrics(), shared.warnings()))
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(limits.lowWaterBytes(), limits.highWaterBytes()))
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    ChannelPipeline pipeline = channel.pipeline();
                    tls.addServer(pipeline);
                    pipeline.addLast(new AcceptedConnection(shared, TcpTransport.this));
                  }
                })
            .bind(local)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      tls.close();
      throw new IllegalStateException("cannot listen at " + local, bound.cause());
    }
    return bound.channel();
  }

  @Override
  public String admit(AcceptedConnection connection, Hello hello, Runnable proceed) {
    AcceptedConnection former;
    synchronized (this) {
      if (closed) {
        return "closing";
      }
      former = accepted.get(hello.node());
      if (former != null && former.hello().incarnation() > hello.incarnation()) {
        return "a newer incarnation of " + hello.node() + " is connected";
      }
      accepted.put(hello.node(), connection);
    }
    if (former == null) {
      proceed.run();
    } else {
      former.replaceBy(connection, proceed);
    }
    return "";
  }

  @Override
  public void established(AcceptedConnection connection, NodeId peer) {
    Admission.proven(connection.context().channel());
    services.connected(peer);
    Link back = links.get(peer);
    if (back != null) {
      back.heardOf();
    }
  }

  @Override
  public void ended(AcceptedConnection connection) {
    Hello hello = connection.hello();
    if (hello == null) {
      return;
    }
    synchronized (this) {
      accepted.remove(hello.node(), connection);
    }
    if (connection.isEstablished()) {
      services.disconnected(hello.node());
    }
  }
}
