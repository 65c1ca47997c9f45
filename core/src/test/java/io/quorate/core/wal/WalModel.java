package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * What a log should hold: plain lists, and what they were after each operation. After a crash the
 * log must be as it was after some operation, none older than the last that was durable.
 */
final class WalModel {
  private static final class Content {
    long first = 1;
    final List<String> entries = new ArrayList<>();
    Optional<String> state = Optional.empty();

    boolean isNew() {
      return first == 1 && entries.isEmpty() && state.isEmpty();
    }
  }

  /** The same operation on the model and on the log; the latter gives a position. */
  private record Operation(
      String name, Consumer<WalModel> onModel, ToLongFunction<WriteAheadLog> onLog) {}

  private final TreeMap<Long, Content> contents = new TreeMap<>();
  private final List<Operation> done = new ArrayList<>();
  /** What was there after each operation, and where it is durable; the first is the empty log. */
  private final List<String> history = new ArrayList<>(List.of(""));
  private final List<Long> positions = new ArrayList<>(List.of(0L));

  void append(WriteAheadLog wal, long id, String text) {
    perform(
        wal,
        "append " + text,
        model -> model.content(id).entries.add(text),
        log -> log.log(id).append(bytes(text)));
  }

  void putState(WriteAheadLog wal, long id, String text) {
    perform(
        wal,
        "state " + text,
        model -> model.content(id).state = Optional.of(text),
        log -> log.log(id).putState(bytes(text)));
  }

  void truncate(WriteAheadLog wal, long id, long from) {
    perform(
        wal,
        "truncate " + from,
        model -> {
          Content content = model.content(id);
          content.entries.subList((int) (from - content.first), content.entries.size()).clear();
        },
        log -> log.log(id).truncateSuffix(from));
  }

  void drop(WriteAheadLog wal, long id, long before) {
    perform(
        wal,
        "drop " + before,
        model -> {
          Content content = model.content(id);
          content.entries.subList(0, (int) (before - content.first)).clear();
          content.first = before;
        },
        log -> log.log(id).dropPrefix(before));
  }

  void reset(WriteAheadLog wal, long id, long first) {
    perform(
        wal,
        "reset " + first,
        model -> {
          model.content(id).entries.clear();
          model.content(id).first = first;
        },
        log -> log.log(id).reset(first));
  }

  void delete(WriteAheadLog wal, long id) {
    perform(wal, "delete " + id, model -> model.contents.remove(id), log -> log.log(id).delete());
  }

  /** Any operation, on one of {@code logs} logs; most of them append. */
  void performRandom(WriteAheadLog wal, Random random, int logs) {
    long id = random.nextInt(logs);
    Content content = content(id);
    long next = content.first + content.entries.size();
    switch (random.nextInt(20)) {
      case 0 -> truncate(wal, id, next - random.nextInt(content.entries.size() + 1));
      case 1, 2, 3 -> drop(wal, id, content.first + random.nextInt(content.entries.size() + 1));
      case 4 -> reset(wal, id, 1 + random.nextInt(1000));
      case 5, 6, 7 -> putState(wal, id, "s" + "x".repeat(random.nextInt(20)) + done.size());
      case 8 -> {
        if (random.nextInt(5) == 0) {
          delete(wal, id);
        }
      }
      default -> append(wal, id, done.size() + "-" + "e".repeat(random.nextInt(120)));
    }
  }

  /** Operations so far. */
  int count() {
    return done.size();
  }

  /** How many operations are durable if the log is up to {@code position}. */
  int durableCount(long position) {
    int count = 0;
    while (count + 1 < positions.size() && positions.get(count + 1) <= position) {
      count++;
    }
    return count;
  }

  /** What the log should hold now. */
  String current() {
    return history.get(history.size() - 1);
  }

  /**
   * Accepts what was found after a crash if it is what was there after one of the operations from
   * the {@code durable}-th on, and goes on from there.
   */
  void recovered(String found, int durable) {
    int at = requireAfter(found, durable);
    List<Operation> kept = List.copyOf(done.subList(0, at));
    done.subList(at, done.size()).clear();
    history.subList(at + 1, history.size()).clear();
    positions.subList(at + 1, positions.size()).clear();
    contents.clear();
    kept.forEach(operation -> operation.onModel().accept(this));
  }

  /** The number of operations after which the log was as it was found. */
  int requireAfter(String found, int durable) {
    int at = history.size() - 1;
    while (at >= durable && !history.get(at).equals(found)) {
      at--;
    }
    if (at < durable) {
      throw new AssertionError(
          "found\n" + found + "which is not the log after any of the operations from " + durable
              + " to " + done.size() + ", the last of them durable being " + lastNames(durable)
              + "\n" + history.get(durable));
    }
    return at;
  }

  /** What {@code harness} holds, in the form of {@link #current}. */
  static String describe(WalHarness harness) {
    StringBuilder text = new StringBuilder();
    for (long id : harness.wal.logIds()) {
      LogicalLog log = harness.log(id);
      describe(
          text,
          id,
          log.firstIndex(),
          harness.entries(id),
          log.state().map(WalHarness::text));
    }
    return text.toString();
  }

  static void describe(
      StringBuilder to, long id, long first, List<String> entries, Optional<String> state) {
    to.append(id).append(" from ").append(first).append(' ').append(entries).append(' ');
    to.append(state.orElse("-")).append('\n');
  }

  private String lastNames(int durable) {
    return durable == 0 ? "none" : done.get(durable - 1).name();
  }

  private void perform(
      WriteAheadLog wal,
      String name,
      Consumer<WalModel> onModel,
      ToLongFunction<WriteAheadLog> onLog) {
    long position = onLog.applyAsLong(wal);
    onModel.accept(this);
    done.add(new Operation(name, onModel, onLog));
    StringBuilder text = new StringBuilder();
    contents.forEach(
        (id, content) -> {
          if (!content.isNew()) {
            describe(text, id, content.first, content.entries, content.state);
          }
        });
    history.add(text.toString());
    positions.add(position);
  }

  private Content content(long id) {
    return contents.computeIfAbsent(id, absent -> new Content());
  }
}
