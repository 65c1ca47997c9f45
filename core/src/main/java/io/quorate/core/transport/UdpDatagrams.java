package io.quorate.core.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.quorate.core.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** Datagrams over UDP. What finds no room, on the way out or in, is dropped. Thread-safe. */
final class UdpDatagrams implements Datagrams {
  /** Datagrams that may wait for one receiver; more are dropped. */
  private static final int MAX_WAITING = 4_096;

  private final NettyLoops loops;
  private final Background background;
  private final Security security;
  private final Set<UdpSocket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  UdpDatagrams(NettyLoops loops, Background background, Security security) {
    this.loops = loops;
    this.background = background;
    this.security = security;
  }

  @Override
  public Socket bind(Address local, EventLoop loop, Receiver receiver) {
    if (closed) {
      throw new IllegalStateException("datagrams are closed");
    }
    InetAddress host = background.resolveNow(local.host());
    security.checkListen(local, host);
    NettyLoop socketLoop = loop instanceof NettyLoop own ? own : loops.next();
    UdpSocket socket = new UdpSocket(socketLoop, loop, receiver);
    ChannelFuture bound =
        new Bootstrap()
            .group(socketLoop.netty())
            .channel(loops.kind().datagram())
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new FixedRecvByteBufAllocator(MAX_PAYLOAD_BYTES + 1))
            .handler(socket.handler())
            .bind(new InetSocketAddress(host, local.port()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IllegalStateException("cannot bind " + local, bound.cause());
    }
    socket.bound(bound.channel(), local.host());
    open.add(socket);
    if (closed) {
      socket.close();
    }
    return socket;
  }

  void close() {
    closed = true;
    open.forEach(UdpSocket::close);
  }

  private final class UdpSocket implements Socket {
    private final NettyLoop socketLoop;
    private final EventLoop loop;
    private final Receiver receiver;
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile Channel channel;
    private volatile Address address;

    private UdpSocket(NettyLoop socketLoop, EventLoop loop, Receiver receiver) {
      this.socketLoop = socketLoop;
      this.loop = loop;
      this.receiver = receiver;
    }

    private void bound(Channel channel, String host) {
      this.channel = channel;
      this.address = new Address(host, ((InetSocketAddress) channel.localAddress()).getPort());
    }

    private SimpleChannelInboundHandler<DatagramPacket> handler() {
      return new SimpleChannelInboundHandler<>() {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
          receive(packet);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
          // Such as "port unreachable" for an earlier datagram: it is lost, as datagrams may be.
          NettyLoops.log.debug("datagram lost", cause);
        }
      };
    }

    private void receive(DatagramPacket packet) {
      ByteBuf content = packet.content();
      if (content.readableBytes() > MAX_PAYLOAD_BYTES) {
        return;
      }
      byte[] payload = new byte[content.readableBytes()];
      content.readBytes(payload);
      InetSocketAddress sender = packet.sender();
      Address from = new Address(sender.getAddress().getHostAddress(), sender.getPort());
      if (loop.inLoop()) {
        InMemoryDatagrams.give(receiver, from, payload);
        return;
      }
      if (waiting.incrementAndGet() > MAX_WAITING) {
        waiting.decrementAndGet();
        return;
      }
      try {
        loop.execute(
            () -> {
              waiting.decrementAndGet();
              InMemoryDatagrams.give(receiver, from, payload);
            });
      } catch (RejectedExecutionException e) {
        // The receiver's loop has ended: the datagram is lost, as datagrams may be.
        waiting.decrementAndGet();
      }
    }

    @Override
    public Address address() {
      return address;
    }

    @Override
    public void send(Address to, byte[] payload) {
      InMemoryDatagrams.requireSmall(payload);
      background.resolve(
          to.host(),
          socketLoop,
          (resolved, problem) -> {
            if (resolved != null && security.dialProblem(resolved).isEmpty()) {
              write(new InetSocketAddress(resolved, to.port()), payload);
            }
          });
    }

    private void write(InetSocketAddress to, byte[] payload) {
      Channel sender = channel;
      if (!sender.isWritable()) {
        return;
      }
      ByteBuf content = sender.alloc().directBuffer(payload.length).writeBytes(payload);
      sender.writeAndFlush(new DatagramPacket(content, to), sender.voidPromise());
    }

    @Override
    public void close() {
      open.remove(this);
      channel.close();
    }
  }
}
