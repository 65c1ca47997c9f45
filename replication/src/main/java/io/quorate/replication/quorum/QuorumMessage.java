package io.quorate.replication.quorum;

import io.quorate.replication.Tag;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;

/** What coordinators and replicas say to each other about single keys. */
sealed interface QuorumMessage {
  /** The coordinator's number of the operation; what is answered carries it too. */
  long operation();

  /** Asked of a replica, under the epoch of a placement. */
  sealed interface Request extends QuorumMessage {
    long epoch();

    Key key();
  }

  /**
   * Which version do you hold?
   *
   * @param withValue whether its value is wanted
   * @param strong whether the answer is part of a quorum, which only a replica that has caught up
   *     may give
   */
  record Read(long operation, long epoch, Key key, boolean withValue, boolean strong)
      implements Request {}

  /** Hold this version, or a newer one. */
  record Write(long operation, long epoch, Key key, Cell cell) implements Request {}

  /** Said by a replica. */
  sealed interface Reply extends QuorumMessage {}

  /**
   * What the replica holds durably.
   *
   * @param cell the version; its value is missing unless it was wanted
   * @param hasValue whether the value is there
   * @param floor below it, versions of absent keys were forgotten
   * @param wallMillis the replica's wall time
   * @param writable whether it would take a write
   */
  record Held(
      long operation, Cell cell, boolean hasValue, long floor, long wallMillis, boolean writable)
      implements Reply {
    Tag tag() {
      return cell.tag();
    }
  }

  /** The version that was to be written, or a newer one, is durable. */
  record Stored(long operation) implements Reply {}

  /** It has not been done, and this attempt never will be. */
  record Refused(long operation, Reason reason, long epoch) implements Reply {}

  /** Why a replica refuses. */
  enum Reason {
    /** The request is of another placement than the replica's. */
    OTHER_EPOCH,
    /** The replica's disk is new and it has not caught up with its peers. */
    NOT_CAUGHT_UP,
    /** The version is too far ahead of the replica's clock. */
    DRIFT,
    /** The version is older than what the replica has forgotten. */
    TOO_OLD,
    /** The replica's disk is full or has failed. */
    NOT_WRITABLE,
    /** The value is damaged on the replica's disk. */
    DAMAGED;

    /** Whether asking again may help. */
    boolean isTransient() {
      return this == OTHER_EPOCH || this == NOT_CAUGHT_UP;
    }
  }
}
