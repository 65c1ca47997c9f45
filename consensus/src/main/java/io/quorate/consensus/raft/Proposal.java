package io.quorate.consensus.raft;

/**
 * What is to become an entry of the log.
 *
 * @param kind one of {@link Entry}'s
 * @param session the session it belongs to, or 0 for none
 * @param sequence its number within the session; unique there
 * @param lowestPending the lowest number of the session whose answer has not arrived
 * @param payload not copied, do not modify
 */
record Proposal(int kind, long session, long sequence, long lowestPending, byte[] payload) {
  private static final byte[] EMPTY = {};

  Proposal {
    if (session != 0 && (lowestPending < 0 || lowestPending > sequence)) {
      throw new IllegalArgumentException(
          "lowestPending must be 0 to " + sequence + ", was " + lowestPending);
    }
  }

  static Proposal noop() {
    return new Proposal(Entry.NOOP, 0, 0, 0, EMPTY);
  }

  static Proposal command(byte[] payload) {
    return new Proposal(Entry.COMMAND, 0, 0, 0, payload);
  }

  static Proposal command(long session, long sequence, long lowestPending, byte[] payload) {
    return new Proposal(Entry.COMMAND, session, sequence, lowestPending, payload);
  }

  static Proposal openSession() {
    return new Proposal(Entry.SESSION, 0, 0, 0, EMPTY);
  }

  static Proposal configuration(Configuration configuration) {
    return new Proposal(
        Entry.CONFIGURATION, 0, 0, 0, Configuration.CODEC.encode(configuration));
  }
}
