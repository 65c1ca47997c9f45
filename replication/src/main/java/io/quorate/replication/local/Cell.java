package io.quorate.replication.local;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.Tag;
import java.util.Arrays;

/**
 * One version of one key, with its value. Immutable.
 *
 * <pre>
 * 1 byte    kind: 0 value, 1 tombstone
 * tag       see {@link Tag}
 * varint    expiry, wall milliseconds since 1970; 0 if never
 * block     value, behind its length as a varint; empty in a tombstone
 * </pre>
 */
public final class Cell {
  /** Older than everything: what a key holds that was never written. */
  public static final Cell NONE = new Cell(Tag.NONE, true, 0, new byte[0]);

  private final Tag tag;
  private final boolean tombstone;
  private final long expiryMillis;
  private final byte[] value;

  private Cell(Tag tag, boolean tombstone, long expiryMillis, byte[] value) {
    this.tag = tag;
    this.tombstone = tombstone;
    this.expiryMillis = expiryMillis;
    this.value = value;
  }

  /**
   * A version with a value.
   *
   * @param expiryMillis the wall time at which it becomes absent, since 1970; 0 if never
   * @param value not copied, do not modify
   */
  public static Cell value(Tag tag, long expiryMillis, byte[] value) {
    return new Cell(tag, false, expiryMillis, value);
  }

  /** A deletion. */
  public static Cell tombstone(Tag tag) {
    return new Cell(tag, true, 0, NONE.value);
  }

  public Tag tag() {
    return tag;
  }

  public boolean isTombstone() {
    return tombstone;
  }

  /** When it becomes absent, in wall milliseconds since 1970; 0 if never. */
  public long expiryMillis() {
    return expiryMillis;
  }

  /** The bytes themselves; do not modify. Empty in a tombstone. */
  public byte[] value() {
    return value;
  }

  /** Whether a reader at wall time {@code nowMillis} finds no value in it. */
  public boolean isAbsentAt(long nowMillis) {
    return tombstone || expiryMillis != 0 && expiryMillis <= nowMillis;
  }

  /**
   * Whether this wins over {@code other}: by its tag; and should two versions ever have one tag, by
   * what they hold, so that all replicas choose alike: a tombstone before what expires before what
   * does not, then the later expiry, then the larger bytes.
   */
  public boolean supersedes(Cell other) {
    int byTag = tag.compareTo(other.tag);
    if (byTag != 0) {
      return byTag > 0;
    }
    if (rank() != other.rank()) {
      return rank() > other.rank();
    }
    if (expiryMillis != other.expiryMillis) {
      return expiryMillis > other.expiryMillis;
    }
    return Arrays.compareUnsigned(value, other.value) > 0;
  }

  private int rank() {
    return tombstone ? 2 : expiryMillis != 0 ? 1 : 0;
  }

  /** Appends the table above. */
  public void write(ByteWriter out) {
    out.int8(tombstone ? 1 : 0);
    Tag.CODEC.write(out, tag);
    out.varint(expiryMillis).block(value);
  }

  /** Reads what {@link #write} writes, with a value of at most {@code maxValueBytes}. */
  public static Cell read(ByteReader in, int maxValueBytes) {
    boolean tombstone = in.bool();
    Tag tag = Tag.CODEC.read(in);
    long expiryMillis = in.varint();
    byte[] value = in.block(maxValueBytes, "value");
    return new Cell(tag, tombstone, expiryMillis, value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cell cell
        && tag.equals(cell.tag)
        && tombstone == cell.tombstone
        && expiryMillis == cell.expiryMillis
        && Arrays.equals(value, cell.value);
  }

  @Override
  public int hashCode() {
    return tag.hashCode();
  }

  @Override
  public String toString() {
    return (tombstone ? "tombstone " : value.length + " bytes ") + tag;
  }
}
