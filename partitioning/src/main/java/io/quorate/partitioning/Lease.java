package io.quorate.partitioning;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A place taken on a node until closed. Closing twice, or from several threads, releases once. */
public final class Lease<N> implements AutoCloseable {
  private static final VarHandle CLOSED;

  static {
    try {
      CLOSED = MethodHandles.lookup().findVarHandle(Lease.class, "closed", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final N node;
  private final PaddedCounter onNode;
  private final PaddedCounter total;
  private final boolean home;
  private volatile boolean closed;

  Lease(N node, PaddedCounter onNode, PaddedCounter total, boolean home) {
    this.node = node;
    this.onNode = onNode;
    this.total = total;
    this.home = home;
  }

  /** The node to send the request to. */
  public N node() {
    return node;
  }

  /** Whether that is the key's owner. */
  public boolean home() {
    return home;
  }

  /** Releases the place. First on the node, then in the total: a room is never overstated. */
  @Override
  public void close() {
    if (CLOSED.compareAndSet(this, false, true)) {
      onNode.decrementAndGet();
      total.decrementAndGet();
    }
  }
}
