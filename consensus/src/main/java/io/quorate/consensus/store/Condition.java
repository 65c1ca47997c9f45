package io.quorate.consensus.store;

/** What must hold of a key for a transaction to take its first branch. */
record Condition(byte[] key, Kind kind, long version) {
  enum Kind {
    ABSENT,
    PRESENT,
    VERSION
  }

  boolean holds(SortedRecords.Record found) {
    return switch (kind) {
      case ABSENT -> found == null;
      case PRESENT -> found != null;
      case VERSION -> found != null && found.version() == version;
    };
  }
}
