package io.quorate.core.membership;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Rumors that are still to be spread. Each goes out a limited number of times, logarithmic in the
 * size of the cluster; the least told go first. A new rumor about a member replaces the old one.
 *
 * @see <a href="https://www.cs.cornell.edu/projects/Quicksilver/public_pdfs/SWIM.pdf">SWIM, section
 *     4.1</a>
 */
final class RumorQueue {
  /**
   * Transmissions of one rumor for each factor of ten in the cluster's size: so many that one
   * change in some thousand misses a member, which then learns of it with the next full exchange.
   */
  private static final int RETRANSMIT_MULTIPLIER = 9;

  /** Rumors that may be found too long for what is left before no further one is tried. */
  private static final int MAX_MISFITS = 3;

  private static final class Item {
    final Rumor rumor;
    final int size;
    final long arrival;
    int told;

    Item(Rumor rumor, long arrival) {
      this.rumor = rumor;
      this.size = rumor.size();
      this.arrival = arrival;
    }
  }

  private static final Comparator<Item> LEAST_TOLD_THEN_NEWEST =
      Comparator.<Item>comparingInt(item -> item.told)
          .thenComparing(Comparator.<Item>comparingLong(item -> item.arrival).reversed());

  private final TreeMap<NodeId, Item> items = new TreeMap<>();
  private final TreeSet<Item> order = new TreeSet<>(LEAST_TOLD_THEN_NEWEST);
  private long arrivals;

  void add(Rumor rumor) {
    Item item = new Item(rumor, arrivals++);
    Item replaced = items.put(rumor.member().id(), item);
    if (replaced != null) {
      order.remove(replaced);
    }
    order.add(item);
  }

  boolean isEmpty() {
    return items.isEmpty();
  }

  /**
   * The rumors to tell now, {@code maxBytes} at most; counts them as told once more, and drops
   * those told often enough.
   */
  List<Rumor> take(int clusterSize, int maxBytes) {
    if (items.isEmpty()) {
      return List.of();
    }
    int limit = RETRANSMIT_MULTIPLIER * (int) Math.ceil(Math.log10(clusterSize + 1.0));
    List<Item> taken = new ArrayList<>();
    int room = maxBytes;
    int misfits = 0;
    for (Item item : order) {
      if (item.size <= room) {
        room -= item.size;
        taken.add(item);
      } else if (++misfits == MAX_MISFITS) {
        break;
      }
    }
    for (Item item : taken) {
      order.remove(item);
      item.told++;
      if (item.told >= limit) {
        items.remove(item.rumor.member().id());
      } else {
        order.add(item);
      }
    }
    return taken.stream().map(item -> item.rumor).toList();
  }
}
