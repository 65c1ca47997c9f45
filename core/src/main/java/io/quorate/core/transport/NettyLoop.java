package io.quorate.core.transport;

import io.quorate.core.EventLoop;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * An event loop that is one of Netty's, so that what arrives on its channels reaches handlers
 * without a change of thread.
 */
final class NettyLoop implements EventLoop {
  private final io.netty.channel.EventLoop netty;

  NettyLoop(io.netty.channel.EventLoop netty) {
    this.netty = netty;
  }

  io.netty.channel.EventLoop netty() {
    return netty;
  }

  @Override
  public void execute(Runnable task) {
    netty.execute(task);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (delayNanos < 0) {
      throw new IllegalArgumentException("delayNanos must be at least 0, was " + delayNanos);
    }
    Future<?> scheduled =
        netty.schedule(
            () -> {
              try {
                task.run();
              } catch (RuntimeException | Error e) {
                NettyLoops.log.error("task of event loop failed", e);
              }
            },
            delayNanos,
            TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }

  @Override
  public boolean inLoop() {
    return netty.inEventLoop();
  }
}
