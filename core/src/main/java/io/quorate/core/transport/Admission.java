package io.quorate.core.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * Closes connections at once that are over a limit, before they cost more than a descriptor. Sits
 * on the listening channel; its counts are guarded by itself, since connections end on other loops.
 */
final class Admission extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<Runnable> PROVEN =
      AttributeKey.valueOf(Admission.class, "proven");

  private final TransportLimits limits;
  private final TransportMetrics metrics;
  private final Warnings warnings;
  private final Map<InetAddress, Integer> unproven = new HashMap<>();
  private int open;

  Admission(TransportLimits limits, TransportMetrics metrics, Warnings warnings) {
    this.limits = limits;
    this.metrics = metrics;
    this.warnings = warnings;
  }

  /** The peer on {@code channel} has proven who it is. */
  static void proven(Channel channel) {
    Runnable release = channel.attr(PROVEN).getAndSet(null);
    if (release != null) {
      release.run();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    Channel channel = (Channel) message;
    InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
    // A connection that is gone already has no address.
    String limit = remote == null ? "gone" : admit(remote.getAddress());
    if (!limit.isEmpty()) {
      metrics.refusedConnections.increment();
      if (remote != null) {
        warnings.connectionRefused(remote.getAddress().getHostAddress(), limit);
      }
      channel.unsafe().closeForcibly();
      return;
    }
    InetAddress host = remote.getAddress();
    channel.attr(PROVEN).set(() -> proven(host));
    channel
        .closeFuture()
        .addListener(
            closed -> {
              proven(channel);
              left();
            });
    context.fireChannelRead(message);
  }

  /** Counts the connection in; or returns the name of the limit that speaks against it. */
  private synchronized String admit(InetAddress host) {
    if (open >= limits.maxConnections()) {
      return "maxConnections";
    }
    int fromHost = unproven.getOrDefault(host, 0);
    if (fromHost >= limits.maxHandshakesPerAddress()) {
      return "maxHandshakesPerAddress";
    }
    unproven.put(host, fromHost + 1);
    open++;
    return "";
  }

  private synchronized void proven(InetAddress host) {
    unproven.computeIfPresent(host, (address, n) -> n == 1 ? null : n - 1);
  }

  private synchronized void left() {
    open--;
  }
}
