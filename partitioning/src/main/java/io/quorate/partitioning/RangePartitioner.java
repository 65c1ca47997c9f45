package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Maps ordered keys to nodes by ranges, so that neighbouring keys stay together and can be scanned
 * in order.
 *
 * <p>The ranges cover every key, without gap or overlap: the first is unbounded below, the last
 * above, each begins where the one before it ends. An immutable value like {@link Partitioner}: a
 * change yields a new one, with what must move. A lookup is a binary search; a change costs
 * O(ranges). Keys handed in are copied, keys handed out are copies.
 *
 * @param <K> the keys: {@code byte[]} or {@code Long}
 */
public abstract sealed class RangePartitioner<K, N>
    permits ByteRangePartitioner, LongRangePartitioner {
  private static final int MAX_RETRIES = 64;

  /** The owner of each range, in order of keys; one more than there are bounds. */
  final List<N> owners;
  final Function<? super N, String> id;
  private final long epoch;

  RangePartitioner(List<N> owners, Function<? super N, String> id, long epoch) {
    PlacementException.present(id, "id");
    this.owners = List.copyOf(owners);
    this.id = id;
    this.epoch = epoch;
    for (N owner : owners) {
      PlacementException.present(id.apply(owner), "id of " + owner);
    }
  }

  /** The index of the range that holds the key: how many bounds are at or below it. */
  abstract int indexOf(K key);

  /** A copy of the bounds between the ranges. */
  abstract List<K> bounds();

  abstract int compare(K a, K b);

  /** Whether no key is below this one. */
  abstract boolean isLowest(K key);

  /** The key that follows immediately, if there is one. */
  abstract Optional<K> following(K key);

  abstract RangePartitioner<K, N> rebuilt(List<K> bounds, List<N> owners, long epoch);

  abstract byte[] keyBytes(K key);

  /** The owner of the key. */
  public final N ownerOf(K key) {
    return owners.get(indexOf(key));
  }

  /** The range that holds the key. */
  public final KeyRange<K, N> rangeOf(K key) {
    return range(bounds(), indexOf(key));
  }

  /** All ranges in order of keys. */
  public final List<KeyRange<K, N>> ranges() {
    List<K> bounds = bounds();
    List<KeyRange<K, N>> ranges = new ArrayList<>(owners.size());
    for (int i = 0; i < owners.size(); i++) {
      ranges.add(range(bounds, i));
    }
    return List.copyOf(ranges);
  }

  /** How many ranges there are. */
  public final int size() {
    return owners.size();
  }

  /** The number of changes that led here, from 1. */
  public final long epoch() {
    return epoch;
  }

  /** A digest of bounds and owners (not of the epoch): equal for equal placements. */
  public final long fingerprint() {
    return RangeFormat.fingerprint(this);
  }

  /** This placement as bytes, with a version and a checksum. */
  public final byte[] encode() {
    return RangeFormat.encode(this);
  }

  /**
   * Splits the range that holds {@code at}: keys from {@code at} on go to {@code upper}.
   *
   * @throws PlacementException if a range begins at {@code at} already
   */
  public final RangeChange<K, N> split(K at, N upper) {
    PlacementException.present(at, "at");
    PlacementException.present(upper, "upper");
    int index = indexOf(at);
    List<K> bounds = bounds();
    boolean first = index == 0 ? isLowest(at) : compare(bounds.get(index - 1), at) == 0;
    PlacementException.require(!first, "at", show(at), "must not be the first key of a range");
    List<N> nextOwners = new ArrayList<>(owners);
    bounds.add(index, at);
    nextOwners.add(index + 1, upper);
    RangePartitioner<K, N> after = rebuilt(bounds, nextOwners, epoch + 1);
    return change(after, after.range(after.bounds(), index + 1), owners.get(index), upper);
  }

  /**
   * Merges the range that begins at {@code at} into the one before it, whose owner keeps both.
   *
   * @throws PlacementException if no range begins at {@code at}
   */
  public final RangeChange<K, N> merge(K at) {
    PlacementException.present(at, "at");
    int index = indexOf(at);
    List<K> bounds = bounds();
    PlacementException.require(index > 0 && compare(bounds.get(index - 1), at) == 0, "at",
        show(at), "must be the first key of a range that has one before it");
    KeyRange<K, N> merged = range(bounds, index);
    List<N> nextOwners = new ArrayList<>(owners);
    bounds.remove(index - 1);
    nextOwners.remove(index);
    return change(rebuilt(bounds, nextOwners, epoch + 1), merged, owners.get(index),
        owners.get(index - 1));
  }

  /** Gives the range that holds {@code key} to another node. */
  public final RangeChange<K, N> move(K key, N to) {
    PlacementException.present(key, "key");
    PlacementException.present(to, "to");
    return moveRange(indexOf(key), to);
  }

  final RangeChange<K, N> moveRange(int index, N to) {
    List<N> nextOwners = new ArrayList<>(owners);
    nextOwners.set(index, to);
    return change(rebuilt(bounds(), nextOwners, epoch + 1), range(bounds(), index),
        owners.get(index), to);
  }

  private RangeChange<K, N> change(
      RangePartitioner<K, N> after, KeyRange<K, N> range, N from, N to) {
    boolean stays = id.apply(from).equals(id.apply(to));
    return new RangeChange<>(this, after, stays ? List.of()
        : List.of(new RangeMove<>(new KeyRange<>(range.from(), range.to(), from), to)));
  }

  /**
   * The pieces of {@code [from, to)} in order of keys, each within one range.
   *
   * @throws PlacementException if {@code to} is below {@code from}
   */
  public final List<KeyRange<K, N>> slices(K from, K to) {
    PlacementException.require(compare(from, to) <= 0, "to", show(to), "must not be below from");
    List<KeyRange<K, N>> slices = new ArrayList<>();
    K at = from;
    while (compare(at, to) < 0) {
      KeyRange<K, N> slice = slice(at, to);
      slices.add(slice);
      at = slice.to().orElseThrow();
    }
    return slices;
  }

  private KeyRange<K, N> slice(K at, K to) {
    KeyRange<K, N> range = rangeOf(at);
    K end = range.to().filter(bound -> compare(bound, to) < 0).orElse(to);
    return KeyRange.of(at, end, range.owner());
  }

  /**
   * Visits the keys {@code [from, to)} once and in order while the placement may change: each piece
   * is taken from the placement in force when its turn comes. If the visitor finds that a piece
   * was routed by a stale epoch, and says so by {@link StaleEpochException}, the piece is cut anew
   * from the newer placement.
   *
   * @param live gives the placement in force
   * @param visitor takes each piece and the epoch that it was cut from
   * @throws StaleEpochException if a piece was refused 64 times in a row
   */
  public static <K, N> void scan(Supplier<? extends RangePartitioner<K, N>> live, K from, K to,
      BiConsumer<KeyRange<K, N>, Long> visitor) {
    K at = from;
    int retries = 0;
    while (live.get().compare(at, to) < 0) {
      RangePartitioner<K, N> current = live.get();
      KeyRange<K, N> slice = current.slice(at, to);
      try {
        visitor.accept(slice, current.epoch);
        at = slice.to().orElseThrow();
        retries = 0;
      } catch (StaleEpochException e) {
        if (++retries == MAX_RETRIES) {
          throw e;
        }
      }
    }
  }

  private KeyRange<K, N> range(List<K> bounds, int index) {
    return new KeyRange<>(
        index == 0 ? Optional.empty() : Optional.of(bounds.get(index - 1)),
        index == bounds.size() ? Optional.empty() : Optional.of(bounds.get(index)),
        owners.get(index));
  }

  /** Checks that ranges cover all keys in order and returns the bounds between them. */
  static <K, N> List<K> requireCover(List<KeyRange<K, N>> ranges,
      Comparator<K> order, Function<K, String> show) {
    PlacementException.require(!ranges.isEmpty(), "ranges", "none", "must have one");
    List<K> bounds = new ArrayList<>();
    Optional<K> end = Optional.empty();
    for (int i = 0; i < ranges.size(); i++) {
      KeyRange<K, N> range = ranges.get(i);
      if (i == 0) {
        PlacementException.require(range.from().isEmpty(), "ranges",
            range.from().map(show).orElse(""), "must begin without a lower bound");
      } else {
        K from = range.from().orElseThrow(() -> new PlacementException(
            "ranges", "an unbounded range", "must be unbounded below in the first only"));
        K expected = end.orElseThrow(() -> new PlacementException(
            "ranges", "an unbounded range", "must be unbounded above in the last only"));
        int gap = order.compare(from, expected);
        PlacementException.require(gap == 0, "ranges", show.apply(from),
            "must have no " + (gap > 0 ? "gap" : "overlap") + " at " + show.apply(expected));
        bounds.add(from);
      }
      end = range.to();
      boolean forward = range.from().isEmpty() || end.isEmpty()
          || order.compare(range.from().get(), end.get()) < 0;
      PlacementException.require(forward, "ranges", end.map(show).orElse(""),
          "must end after they begin");
    }
    PlacementException.require(end.isEmpty(), "ranges", end.map(show).orElse(""),
        "must end without an upper bound");
    return bounds;
  }

  abstract String show(K key);

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "[ranges=" + size() + ", epoch=" + epoch + "]";
  }
}
