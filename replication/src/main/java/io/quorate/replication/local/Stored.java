package io.quorate.replication.local;

import io.quorate.replication.Tag;

/** What the index knows of a key without looking at the disk. */
public interface Stored {
  Key key();

  Tag tag();

  boolean isTombstone();

  /** When it becomes absent, in wall milliseconds since 1970; 0 if never. */
  long expiryMillis();
}
