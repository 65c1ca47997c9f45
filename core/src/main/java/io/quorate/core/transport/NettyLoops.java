package io.quorate.core.transport;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The event loops of one node, and the kind of channel that runs on them. Thread-safe. */
final class NettyLoops implements AutoCloseable {
  static final Logger log = LoggerFactory.getLogger(NettyLoops.class);

  private static final long SETTLE_SECONDS = 1;
  private static final long CLOSE_SECONDS = 2;

  private final Channels channels;
  private final MultiThreadIoEventLoopGroup group;
  private final List<NettyLoop> loops = new ArrayList<>();
  private final Map<String, NettyLoop> byName = new TreeMap<>();
  private final AtomicInteger next = new AtomicInteger();

  /** How this machine does I/O. */
  record Channels(
      String name,
      IoHandlerFactory handler,
      Class<? extends SocketChannel> socket,
      Class<? extends ServerSocketChannel> serverSocket,
      Class<? extends DatagramChannel> datagram) {}

  NettyLoops(String threadPrefix, int count) {
    this.channels = channels();
    this.group =
        new MultiThreadIoEventLoopGroup(
            count, new DefaultThreadFactory(threadPrefix + "loop", true), channels.handler());
    group.forEach(loop -> loops.add(new NettyLoop((io.netty.channel.EventLoop) loop)));
  }

  Channels kind() {
    return channels;
  }

  MultiThreadIoEventLoopGroup group() {
    return group;
  }

  List<NettyLoop> all() {
    return List.copyOf(loops);
  }

  /** The loop of {@code name}: loops are given to new names in turn. */
  synchronized NettyLoop named(String name) {
    return byName.computeIfAbsent(name, unused -> loops.get(byName.size() % loops.size()));
  }

  /** Loops in turn, for what has no name. */
  NettyLoop next() {
    return loops.get(Math.floorMod(next.getAndIncrement(), loops.size()));
  }

  /**
   * Waits up to a second until every loop has done what it was given before, unless on one of them.
   */
  void settle() {
    if (group.isShuttingDown() || loops.stream().anyMatch(NettyLoop::inLoop)) {
      return;
    }
    CountDownLatch busy = new CountDownLatch(loops.size());
    try {
      loops.forEach(loop -> loop.execute(busy::countDown));
      if (!busy.await(SETTLE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("event loops still busy before close seconds={}", SETTLE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Refuses new tasks and waits up to two seconds for the threads, unless on one of them. */
  @Override
  public void close() {
    Future<?> ended = group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
    if (loops.stream().anyMatch(NettyLoop::inLoop)) {
      return;
    }
    try {
      if (!ended.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("event loops still busy after close seconds={}", CLOSE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Channels channels() {
    return hasEpoll() ? EpollChannels.make() : nio();
  }

  private static boolean hasEpoll() {
    try {
      return Epoll.isAvailable();
    } catch (NoClassDefFoundError e) {
      // The optional module is not there: NIO does the same, a little slower.
      log.debug("no epoll cause={}", e.toString());
      return false;
    }
  }

  private static Channels nio() {
    return new Channels(
        "nio",
        NioIoHandler.newFactory(),
        NioSocketChannel.class,
        NioServerSocketChannel.class,
        NioDatagramChannel.class);
  }

  /** In a class of its own, which is loaded only where epoll is. */
  private static final class EpollChannels {
    static Channels make() {
      return new Channels(
          "epoll",
          EpollIoHandler.newFactory(),
          EpollSocketChannel.class,
          EpollServerSocketChannel.class,
          EpollDatagramChannel.class);
    }
  }
}
