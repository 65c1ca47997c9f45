package io.quorate.core.sim;

/**
 * What travels on a connection.
 *
 * @param id of the request it is about; 0 for messages
 * @param remainingNanos until the caller gives up; 0 for what is not a request
 * @param checksum of the payload when it was sent
 */
record Frame(
    Kind kind, String service, long id, byte[] payload, long remainingNanos, int checksum) {
  static final byte[] NOTHING = {};

  enum Kind {
    MESSAGE,
    REQUEST,
    RESPONSE,
    REFUSED,
    FAILED,
    CANCEL,
    FIN
  }

  static final Frame FIN = new Frame(Kind.FIN, "", 0, NOTHING, 0, 0);

  /** Bytes on the wire, about. */
  int size() {
    return 24 + payload.length;
  }
}
