package io.quorate.core.transport;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One thread for what would block an event loop: name resolution and certificate files. */
final class Background implements AutoCloseable {
  /** Resolutions that may wait; more fail at once. */
  private static final int MAX_WAITING = 4_096;

  private final ScheduledThreadPoolExecutor executor;

  Background(String threadName) {
    this.executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, threadName);
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
  }

  /** Takes an address, or null and the problem. */
  interface Resolved {
    void resolved(InetAddress address, String problem);
  }

  /** Runs {@code task} again and again, {@code period} after it has ended. */
  void repeat(Duration period, Runnable task) {
    long nanos = period.toNanos();
    executor.scheduleWithFixedDelay(task, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Resolves {@code host} and calls back on {@code loop}; literal addresses at once. */
  void resolve(String host, NettyLoop loop, Resolved resolved) {
    InetAddress literal = literal(host);
    if (literal != null) {
      resolved.resolved(literal, "");
      return;
    }
    if (executor.getQueue().size() >= MAX_WAITING) {
      resolved.resolved(null, "too many names wait to be resolved");
      return;
    }
    try {
      executor.execute(() -> resolveBlocking(host, loop, resolved));
    } catch (RejectedExecutionException e) {
      resolved.resolved(null, "closed");
    }
  }

  /** Resolves {@code host} on the calling thread, which may block. */
  InetAddress resolveNow(String host) {
    InetAddress literal = literal(host);
    if (literal != null) {
      return literal;
    }
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("listen host cannot be resolved: " + host, e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  private void resolveBlocking(String host, NettyLoop loop, Resolved resolved) {
    InetAddress address = null;
    String problem = "";
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      problem = "host cannot be resolved: " + host;
    }
    InetAddress found = address;
    String trouble = problem;
    try {
      loop.execute(() -> resolved.resolved(found, trouble));
    } catch (RejectedExecutionException e) {
      NettyLoops.log.debug("resolved too late host={}", host, e);
    }
  }

  private static InetAddress literal(String host) {
    return NetUtil.createInetAddressFromIpAddressString(host);
  }
}
