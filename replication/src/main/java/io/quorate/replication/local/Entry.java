package io.quorate.replication.local;

import io.quorate.replication.Tag;

/** Where the newest cell of a key is. Its place never changes; a newer cell has a new entry. */
final class Entry implements Stored {
  private final Key key;
  private final Tag tag;
  private final boolean tombstone;
  private final long expiryMillis;
  final int segment;
  final int offset;
  final int length;
  /** Durable once the store has forced this sequence. */
  final long sequence;
  /** The cell, if it is in memory. */
  Cell resident;
  boolean touched;

  Entry(
      Key key,
      Tag tag,
      boolean tombstone,
      long expiryMillis,
      int segment,
      int offset,
      int length,
      long sequence) {
    this.key = key;
    this.tag = tag;
    this.tombstone = tombstone;
    this.expiryMillis = expiryMillis;
    this.segment = segment;
    this.offset = offset;
    this.length = length;
    this.sequence = sequence;
  }

  @Override
  public Key key() {
    return key;
  }

  @Override
  public Tag tag() {
    return tag;
  }

  @Override
  public boolean isTombstone() {
    return tombstone;
  }

  @Override
  public long expiryMillis() {
    return expiryMillis;
  }
}
