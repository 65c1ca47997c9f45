package io.quorate.consensus.store;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;

/** If all conditions hold, then the first changes, else the second; all at one index. */
record StoreCommand(List<Condition> conditions, List<Change> changes, List<Change> otherwise) {
  private static final int VERSION = 1;
  private static final int PUT = 0;
  private static final int PUT_FOR_A_TIME = 1;
  private static final int DELETE = 2;

  /** A version byte, then each list behind its count: a kind, the key, and what the kind needs. */
  static final Codec<StoreCommand> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, StoreCommand command) {
          out.int8(VERSION).varint(command.conditions.size());
          for (Condition condition : command.conditions) {
            out.int8(condition.kind().ordinal()).block(condition.key());
            if (condition.kind() == Condition.Kind.VERSION) {
              out.varint(condition.version());
            }
          }
          writeChanges(out, command.changes);
          writeChanges(out, command.otherwise);
        }

        @Override
        public StoreCommand read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("a store command of version " + version);
          }
          return new StoreCommand(readConditions(in), readChanges(in), readChanges(in));
        }
      };

  private static List<Condition> readConditions(ByteReader in) {
    int count = in.count(2, "conditions");
    if (count == 0) {
      return List.of();
    }
    List<Condition> conditions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int kind = in.uint8();
      if (kind >= Condition.Kind.values().length) {
        throw in.malformed("a condition of kind " + kind);
      }
      byte[] key = in.block();
      boolean versioned = kind == Condition.Kind.VERSION.ordinal();
      conditions.add(
          new Condition(key, Condition.Kind.values()[kind], versioned ? in.varint() : 0));
    }
    return conditions;
  }

  private static void writeChanges(ByteWriter out, List<Change> changes) {
    out.varint(changes.size());
    for (Change change : changes) {
      boolean delete = change.value() == null;
      out.int8(delete ? DELETE : change.ttlMillis() == 0 ? PUT : PUT_FOR_A_TIME);
      out.block(change.key());
      if (!delete) {
        out.block(change.value());
      }
      if (change.ttlMillis() != 0) {
        out.varint(change.ttlMillis());
      }
    }
  }

  private static List<Change> readChanges(ByteReader in) {
    int count = in.count(2, "changes");
    if (count <= 1) {
      // By far the most common; a list without an array of its own.
      return count == 0 ? List.of() : List.of(readChange(in));
    }
    List<Change> changes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      changes.add(readChange(in));
    }
    return changes;
  }

  private static Change readChange(ByteReader in) {
    int kind = in.uint8();
    byte[] key = in.block();
    return switch (kind) {
      case PUT -> new Change(key, in.block(), 0);
      case PUT_FOR_A_TIME -> new Change(key, in.block(), in.varint());
      case DELETE -> new Change(key, null, 0);
      default -> throw in.malformed("a change of kind " + kind);
    };
  }
}
