package io.quorate.core.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A connection that one process has dialled to another. Bytes keep their order in each direction.
 *
 * <p>Each side closes on its own: when told so by the other, or when it has heard nothing for the
 * idle timeout. Until then a side whose peer has gone goes on believing in it.
 */
final class Connection {
  private final SimNetwork network;
  private final Simulation simulation;
  final Side dialer;
  final Side acceptor;

  /** What waits for the handshake. */
  final ArrayDeque<Frame> unsent = new ArrayDeque<>();

  /** Requests of the dialer that are not answered, by id. */
  final TreeMap<Long, SimEndpoint.Pending> pending = new TreeMap<>();

  /** Requests that the acceptor has not answered, by id. */
  final TreeMap<Long, SimRequest> serving = new TreeMap<>();

  /** Bytes from the dialer that have not arrived. */
  long waitingBytes;

  boolean congested;

  /** Why it went, for those whose requests it takes with it. */
  String problem = "the connection broke";
  private boolean established;
  /** Everything vanishes without a trace, as behind a machine that has forgotten the connection. */
  private boolean vanishing;

  Connection(SimNetwork network, SimTransport from, SimNode<?> to) {
    this.network = network;
    this.simulation = network.simulation();
    this.dialer = new Side(from.node(), network.link(to, from.node()));
    this.acceptor = new Side(to, network.link(from.node(), to));
    dialer.other = acceptor;
    acceptor.other = dialer;
    dialer.transport = from;
    dialer.open = true;
  }

  boolean isEstablished() {
    return established;
  }

  boolean touches(SimNode<?> node) {
    return dialer.node == node || acceptor.node == node;
  }

  boolean isGone() {
    return !dialer.open && !acceptor.open;
  }

  /** From now on nothing arrives in either direction, and nobody is told. */
  void vanish() {
    vanishing = true;
    dialer.expectSilence();
    acceptor.expectSilence();
  }

  /** The hello arrives at the other machine. */
  void accept(SimTransport by) {
    acceptor.transport = by;
    acceptor.open = true;
    by.accepted(this);
    if (acceptor.incoming.isBlocked(simulation.timeNanos())) {
      acceptor.expectSilence();
    }
  }

  /** The answer to the hello is back. */
  void establish() {
    established = true;
    while (!unsent.isEmpty() && dialer.open) {
      dialer.transmit(unsent.remove());
    }
  }

  /** Removes the request of that id from what waits for the handshake, if it is there. */
  boolean takeBack(long id) {
    for (Frame frame : unsent) {
      if (frame.id() == id) {
        unsent.remove(frame);
        waitingBytes -= frame.size();
        return true;
      }
    }
    return false;
  }

  /** Both sides learn of the break at once; what is under way is lost. */
  void reset() {
    dialer.shut();
    acceptor.shut();
  }


  List<Side> sides() {
    return List.of(dialer, acceptor);
  }

  /** One end. */
  final class Side {
    final SimNode<?> node;
    /** By which it hears the other side. */
    final Link incoming;
    /** Arrived at a blockage and held there, to be sent again once it is gone. */
    private final ArrayDeque<Frame> stuck = new ArrayDeque<>();

    SimTransport transport;
    boolean open;
    private Side other;
    private long lastArrivalNanos;

    Side(SimNode<?> node, Link incoming) {
      this.node = node;
      this.incoming = incoming;
    }

    Connection connection() {
      return Connection.this;
    }

    boolean isDialer() {
      return this == dialer;
    }

    SimNode<?> peer() {
      return other.node;
    }

    /** Sends a frame to the other side. */
    void transmit(Frame frame) {
      other.expect(frame);
    }

    private void expect(Frame frame) {
      long nowNanos = simulation.stampNanos();
      long nanos = incoming.streamArrivalNanos(nowNanos, frame.size());
      lastArrivalNanos = Math.max(lastArrivalNanos + 1, nanos);
      network.deliver(node, lastArrivalNanos, frame.checksum(), () -> arrive(frame));
    }

    private void arrive(Frame frame) {
      if (vanishing) {
        forget(frame);
      } else if (!stuck.isEmpty() || incoming.isBlocked(simulation.timeNanos())) {
        stuck.add(frame);
      } else if (incoming.corrupts()) {
        forget(frame);
        fail();
      } else {
        take(frame);
      }
    }

    private void take(Frame frame) {
      forget(frame);
      if (frame.kind() == Frame.Kind.FIN) {
        shut();
      } else if (open) {
        transport.receive(this, frame);
      } else if (other.open && node.isRunning()) {
        transmit(Frame.FIN);
      }
    }

    private void forget(Frame frame) {
      if (this == acceptor) {
        waitingBytes -= frame.size();
        int lowWaterBytes = incoming.options().limits().lowWaterBytes();
        if (congested && dialer.open && waitingBytes < lowWaterBytes) {
          congested = false;
          dialer.transport.writable(Connection.this);
        }
      }
    }

    /** The blockage is gone: what it held up arrives when the sender tries again. */
    void releaseStuck() {
      if (stuck.isEmpty()) {
        return;
      }
      long nanos = simulation.timeNanos() + incoming.retransmitNanos();
      lastArrivalNanos = Math.max(lastArrivalNanos, nanos);
      network.deliver(node, nanos, 0, this::arriveStuck);
    }

    private void arriveStuck() {
      while (!stuck.isEmpty() && !incoming.isBlocked(simulation.timeNanos())) {
        take(stuck.remove());
      }
    }

    /** Closes this side if by the idle timeout it still has not heard from the other. */
    void expectSilence() {
      if (!open) {
        return;
      }
      SimTransport expecting = transport;
      long idleNanos = incoming.options().idleTimeout().toNanos();
      network.deliver(
          node,
          simulation.nowNanos() + idleNanos,
          0,
          () -> {
            if (open && transport == expecting && hasHeardNothingFor(idleNanos)) {
              fail();
            }
          });
    }

    private boolean hasHeardNothingFor(long idleNanos) {
      long nowNanos = simulation.timeNanos();
      return vanishing
          || !other.open
          || other.node.isPausedFor(idleNanos)
          || incoming.isBlocked(nowNanos) && nowNanos - incoming.blockedSinceNanos() >= idleNanos;
    }

    /** Closes this side for a reason of its own and tells the other. */
    void fail() {
      if (open) {
        shut();
        if (!vanishing) {
          transmit(Frame.FIN);
        }
      }
    }

    /** The process on this side has died. */
    void die(boolean silently) {
      open = false;
      if (silently) {
        other.expectSilence();
      } else {
        transmit(Frame.FIN);
      }
      network.forgetIfGone(Connection.this);
    }

    void shut() {
      if (open) {
        open = false;
        if (this == dialer) {
          transport.lostDialled(Connection.this);
        } else {
          List<SimRequest> cancelled = new ArrayList<>(serving.values());
          serving.clear();
          cancelled.forEach(SimRequest::cancel);
          transport.lostAccepted(Connection.this);
        }
        network.forgetIfGone(Connection.this);
      }
    }
  }
}
