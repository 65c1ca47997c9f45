package io.quorate.replication.quorum;

import io.quorate.core.RefusedException;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import io.quorate.replication.replica.CellTable;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * The replica's side: answers what its disk holds, and holds what is newer.
 *
 * <p>Nothing is said of a version before it is durable, neither that it was written nor that it is
 * there: what a read has returned must not vanish with a crash. Belongs to the table's event loop.
 */
final class Replica {
  private final CellTable table;
  private final TagClock clock;
  private final Standing standing;
  private final LongConsumer onNewerEpoch;
  private final Consumer<Key> onDamaged;

  /**
   * A replica.
   *
   * @param standing what others may rely on it for
   * @param onNewerEpoch told of requests under placements that are not known here
   * @param onDamaged told of keys whose bytes on disk are damaged
   */
  Replica(
      CellTable table,
      TagClock clock,
      Standing standing,
      LongConsumer onNewerEpoch,
      Consumer<Key> onDamaged) {
    this.table = table;
    this.clock = clock;
    this.standing = standing;
    this.onNewerEpoch = onNewerEpoch;
    this.onDamaged = onDamaged;
  }

  /** What others may rely on a replica for. */
  interface Standing {
    /** Whether its answer may be part of a quorum. */
    boolean answersFor(Key key);

    /** Whether it takes a write, or a hint. */
    boolean takes(Key key, boolean hint);
  }

  /** Takes where an answer goes. */
  interface Answer {
    void send(QuorumMessage.Reply reply);
  }

  /** Handles one request; answers once, at once or when the disk has. */
  void handle(QuorumMessage.Request request, Answer answer) {
    if (request.epoch() != table.topology().epoch()) {
      if (request.epoch() > table.topology().epoch()) {
        onNewerEpoch.accept(request.epoch());
      }
      refuse(request, QuorumMessage.Reason.OTHER_EPOCH, answer);
    } else if (request instanceof QuorumMessage.Read read) {
      read(read, answer);
    } else if (request instanceof QuorumMessage.Write write) {
      write(write, answer);
    } else {
      throw new AssertionError("unhandled request " + request);
    }
  }

  private void refuse(
      QuorumMessage.Request request, QuorumMessage.Reason reason, Answer answer) {
    answer.send(
        new QuorumMessage.Refused(request.operation(), reason, table.topology().epoch()));
  }

  private void read(QuorumMessage.Read read, Answer answer) {
    if (read.strong() && !standing.answersFor(read.key())) {
      refuse(read, QuorumMessage.Reason.NOT_CAUGHT_UP, answer);
      return;
    }
    Optional<Stored> held = table.find(read.key());
    if (held.isEmpty()) {
      // Absent, or forgotten by a record that must be durable before anybody hears of it.
      table
          .store()
          .whenDurable(
              table.store().sequenceOf(read.key()), () -> answer.send(held(read, Cell.NONE, true)));
    } else if (!read.withValue() || held.get().isTombstone()) {
      Cell cell = withoutValue(held.get());
      table
          .store()
          .whenDurable(
              table.store().sequenceOf(read.key()),
              () -> answer.send(held(read, cell, cell.isTombstone())));
    } else {
      table
          .read(read.key())
          .whenComplete(
              (cell, failure) -> {
                if (failure == null) {
                  answer.send(held(read, cell.orElse(Cell.NONE), true));
                } else {
                  onDamaged.accept(read.key());
                  refuse(read, QuorumMessage.Reason.DAMAGED, answer);
                }
              });
    }
  }

  private static Cell withoutValue(Stored stored) {
    Tag tag = stored.tag();
    return stored.isTombstone()
        ? Cell.tombstone(tag)
        : Cell.value(tag, stored.expiryMillis(), Cell.NONE.value());
  }

  private QuorumMessage.Held held(QuorumMessage.Read read, Cell cell, boolean hasValue) {
    return new QuorumMessage.Held(
        read.operation(),
        cell,
        hasValue,
        table.floor(),
        clock.wallMillis(),
        table.store().isWritable());
  }

  private void write(QuorumMessage.Write write, Answer answer) {
    Tag tag = write.cell().tag();
    if (!standing.takes(write.key(), Hints.isHint(write.operation()))) {
      refuse(write, QuorumMessage.Reason.NOT_CAUGHT_UP, answer);
    } else if (!clock.believes(tag)) {
      refuse(write, QuorumMessage.Reason.DRIFT, answer);
    } else if (table.isTooOld(write.key(), tag)) {
      refuse(write, QuorumMessage.Reason.TOO_OLD, answer);
    } else {
      long sequence;
      try {
        sequence = table.keep(write.key(), write.cell());
      } catch (RefusedException e) {
        refuse(write, QuorumMessage.Reason.NOT_WRITABLE, answer);
        return;
      }
      table
          .store()
          .whenDurable(sequence, () -> answer.send(new QuorumMessage.Stored(write.operation())));
    }
  }
}
