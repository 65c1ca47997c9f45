package io.quorate.core.transport;

/** Why a connection was closed; a label of {@code transport_connections_closed_total}. */
enum CloseReason {
  /** This node is done with it. */
  CLOSED_HERE,
  /** The peer closed it between frames. */
  CLOSED_BY_PEER,
  /** The peer closed it within a frame. */
  TRUNCATED_FRAME,
  /** A newer connection of the same peer took its place. */
  REPLACED,
  /** The first bytes are not ours: another protocol, or plain text where TLS is spoken. */
  BAD_MAGIC,
  /** A frame announces more bytes than are allowed. */
  FRAME_TOO_LONG,
  /** A frame is too short for its kind, or its content is not what its kind demands. */
  MALFORMED_FRAME,
  /** A frame's bytes are not those that were sent. */
  BAD_CHECKSUM,
  /** A frame of a known kind that must not come now or from this side. */
  UNEXPECTED_FRAME,
  /** The handshake did not end in time. */
  HANDSHAKE_TIMEOUT,
  /** This node refused the peer's handshake. */
  HANDSHAKE_REFUSED,
  /** The peer refused this node's handshake. */
  REFUSED_BY_PEER,
  /** A frame made no progress. */
  FRAME_TIMEOUT,
  /** Nothing was heard from the peer. */
  IDLE,
  /** TLS failed: certificate, protocol version or plain text. */
  TLS_FAILED,
  /** The network failed. */
  IO_FAILED,
  /** There was no memory for buffers. */
  OUT_OF_MEMORY;

  /** Whether it is part of everyday life, and not worth a warning. */
  boolean isOrdinary() {
    return this == CLOSED_HERE || this == CLOSED_BY_PEER || this == REPLACED || this == IO_FAILED;
  }

  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
