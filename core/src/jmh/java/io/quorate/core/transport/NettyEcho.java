package io.quorate.core.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.flush.FlushConsolidationHandler;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Plain Netty: messages behind a length of four bytes, answers matched by their order, flushes
 * consolidated; no checksums, ids, deadlines or limits. One event loop for each side.
 */
final class NettyEcho implements EchoPeer {
  private static final int MAX_FRAME = 4 << 20;

  private final NettyLoops clientLoops = new NettyLoops("netty-client-", 1);
  private final NettyLoops serverLoops = new NettyLoops("netty-server-", 1);
  private final Queue<CompletableFuture<byte[]>> pending = new ConcurrentLinkedQueue<>();
  private final Channel server;
  private final Channel client;

  NettyEcho() {
    server =
        new ServerBootstrap()
            .group(serverLoops.group())
            .channel(serverLoops.kind().serverSocket())
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    addFraming(channel);
                    channel.pipeline().addLast(new Echo());
                  }
                })
            .bind(new InetSocketAddress("127.0.0.1", 0))
            .syncUninterruptibly()
            .channel();
    client =
        new Bootstrap()
            .group(clientLoops.group())
            .channel(clientLoops.kind().socket())
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    addFraming(channel);
                    channel.pipeline().addLast(new Answers());
                  }
                })
            .connect(server.localAddress())
            .syncUninterruptibly()
            .channel();
  }

  @Override
  public CompletableFuture<byte[]> call(byte[] payload) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    if (client.eventLoop().inEventLoop()) {
      write(payload, answer);
    } else {
      client.eventLoop().execute(() -> write(payload, answer));
    }
    return answer;
  }

  private void write(byte[] payload, CompletableFuture<byte[]> answer) {
    pending.add(answer);
    client.writeAndFlush(framed(client, payload), client.voidPromise());
  }

  private static ByteBuf framed(Channel channel, byte[] payload) {
    return channel
        .alloc()
        .directBuffer(4 + payload.length)
        .writeInt(payload.length)
        .writeBytes(payload);
  }

  private static byte[] payload(Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      byte[] payload = new byte[in.readableBytes()];
      in.readBytes(payload);
      return payload;
    } finally {
      in.release();
    }
  }

  private static void addFraming(Channel channel) {
    channel
        .pipeline()
        .addLast(new FlushConsolidationHandler(256, true))
        .addLast(new LengthFieldBasedFrameDecoder(MAX_FRAME, 0, 4, 0, 4));
  }

  @Override
  public void close() {
    client.close().syncUninterruptibly();
    server.close().syncUninterruptibly();
    clientLoops.close();
    serverLoops.close();
  }

  /** Takes each message as an array, as a user of the library gets it, and sends it back. */
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      byte[] payload = payload(message);
      context.writeAndFlush(framed(context.channel(), payload), context.voidPromise());
    }
  }

  private final class Answers extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      byte[] payload = payload(message);
      pending.remove().complete(payload);
    }
  }
}
