package io.quorate.partitioning;

import java.util.HashMap;
import java.util.Map;

/**
 * Consistent hashing with bounded loads: keys go to their owner while it has room, else to another
 * node, always in the same order for the same key; so a hot key spreads and comes home again.
 *
 * <p>A node has room while its requests in flight stay at or below {@code ceil(c * t * w / W)},
 * where t counts all requests in flight, the new one included, and w / W is the node's share of the
 * weights. The rooms add up to at least c times t, more than there are requests: with c above 1
 * there is always a node with room, and {@link #acquire} needs no way to fail. The bound holds
 * when a request is admitted, as if releases that overlap with it came after it; when many requests
 * end, the rest stay where they are.
 *
 * <p>After its owner a key tries the owners of further hashes, derived from its own, so the
 * overflow of a node falls on all others, not on its neighbour on the ring; the members are tried
 * in order if luck finds none with room.
 *
 * <p>Lock-free; any thread may acquire and any may release. Works on any placement.
 *
 * @see <a href="https://arxiv.org/abs/1608.01350">Mirrokni, Thorup and Zadimoghaddam, Consistent
 *     Hashing with Bounded Loads</a>
 */
public final class BoundedLoad<N> {
  private static final long STEP = 0x9E3779B97F4A7C15L;

  private final double factor;
  private final PaddedCounter total = new PaddedCounter();
  private volatile Seating<N> seating;

  /**
   * Nothing in flight.
   *
   * @param factor c: how far above its fair share a node may be loaded, above 1 and at most 1000;
   *     the field advises 1.25 to 2
   */
  public BoundedLoad(Partitioner<N> placement, double factor) {
    PlacementException.require(factor > 1 && factor <= 1000, "factor", factor,
        "must be above 1 and at most 1000");
    this.factor = factor;
    this.seating = Seating.of(PlacementException.present(placement, "placement"), Map.of());
  }

  /**
   * Takes a place for a key with this hash. Close the lease when the request has ended, in whatever
   * way: use try-with-resources, or close it where the future completes, cancellation and timeout
   * included.
   */
  public Lease<N> acquire(long hash) {
    long inFlight = total.incrementAndGet();
    Seating<N> seats = seating;
    long probe = hash;
    for (int tries = 0; ; tries++) {
      int index = tries <= 2 * seats.members()
          ? seats.indexOf(probe)
          : Math.floorMod((int) hash + tries, seats.members());
      if (seats.tryTake(index, seats.room(index, factor * inFlight))) {
        return new Lease<>(seats.node(index), seats.counter(index), total, tries == 0);
      }
      probe = Xxh3.hash(hash, STEP + tries);
      if (tries > 0 && tries % (4 * seats.members()) == 0) {
        inFlight = total.get(); // others came meanwhile and took the room that they added
      }
    }
  }

  /** Takes a place for a text key. */
  public Lease<N> acquire(CharSequence key) {
    return acquire(seating.placement().keyHash().hash(key));
  }

  /**
   * Continues with another placement. Requests in flight stay counted where they are; those on
   * nodes that have left are counted in the total until they end.
   */
  public void place(Partitioner<N> placement) {
    PlacementException.present(placement, "placement");
    synchronized (total) {
      seating = Seating.of(placement, seating.counters());
    }
  }

  /** The placement in use. */
  public Partitioner<N> placement() {
    return seating.placement();
  }

  /** How many requests are in flight on all nodes. */
  public long inFlight() {
    return total.get();
  }

  /**
   * How many requests are in flight on a member.
   *
   * @throws PlacementException if there is no such member
   */
  public long inFlight(String id) {
    PaddedCounter counter = seating.counters().get(id);
    PlacementException.require(counter != null, "id", id, "must be that of a member");
    return counter.get();
  }

  /** A placement with a counter per member. Immutable but for the counters. */
  private record Seating<N>(Partitioner<N> placement, N[] nodes, double[] shares,
      PaddedCounter[] taken, Map<String, PaddedCounter> counters, Map<N, Integer> indexes) {

    static <N> Seating<N> of(Partitioner<N> placement, Map<String, PaddedCounter> known) {
      int count = placement.members().size();
      double total = placement.members().stream().mapToDouble(Member::weight).sum();
      double[] shares = new double[count];
      PaddedCounter[] taken = new PaddedCounter[count];
      Map<String, PaddedCounter> counters = new HashMap<>();
      Map<N, Integer> indexes = new HashMap<>();
      @SuppressWarnings("unchecked") // erased: never handed out, read only as N
      N[] nodes = (N[]) new Object[count];
      for (int i = 0; i < count; i++) {
        Member<N> member = placement.members().get(i);
        nodes[i] = member.node();
        shares[i] = member.weight() / total;
        taken[i] = known.getOrDefault(member.id(), new PaddedCounter());
        counters.put(member.id(), taken[i]);
        indexes.put(member.node(), i);
      }
      return new Seating<>(placement, nodes, shares, taken, Map.copyOf(counters),
          Map.copyOf(indexes));
    }

    int members() {
      return nodes.length;
    }

    N node(int index) {
      return nodes[index];
    }

    PaddedCounter counter(int index) {
      return taken[index];
    }

    int indexOf(long hash) {
      return placement instanceof MemberPlacement<N> known
          ? known.ownerIndex(hash) : indexes.get(placement.ownerOfHash(hash));
    }

    long room(int index, double load) {
      return (long) Math.ceil(load * shares[index]);
    }

    boolean tryTake(int index, long room) {
      PaddedCounter counter = taken[index];
      while (true) {
        long now = counter.get();
        if (now >= room) {
          return false;
        }
        if (counter.compareAndSet(now, now + 1)) {
          return true;
        }
      }
    }
  }
}
