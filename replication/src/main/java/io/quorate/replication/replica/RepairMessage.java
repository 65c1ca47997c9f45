package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.ArrayList;
import java.util.List;

/**
 * What two replicas say to each other while they compare themselves.
 *
 * <pre>
 * 1 byte    version, 1
 * 1 byte    kind
 * Root      (1) epoch (varint), set (count, then texts)
 * Children  (2) the same, level (1), count, then node indexes (varints)
 * Leaves    (3) the same, count, then leaf indexes (varints)
 * Fetch     (4) the same, count, then keys (blocks)
 * Push      (5) the same, count, then of each key (block) and cell
 * Summary   (6) serving (1), used (1), floor (8), root hash (8)
 * Hashes    (7) count, then hashes (8)
 * Versions  (8) count, then of each key (block) and tag
 * Cells     (9) count, then of each key (block) and cell
 * Taken     (10)
 * Elsewhere (11) epoch (varint)
 * Groups    (12) epoch (varint), set (empty)
 * Shared    (13) serving (1), used (1), floor (8), count, then of each group its set, keys (varint)
 *                and bytes (varint)
 * </pre>
 */
sealed interface RepairMessage {
  /** Which comparison is meant: the placement's epoch, and the set that shares the keys. */
  record Scope(long epoch, List<NodeId> set) {}

  /** Asked about a scope. */
  sealed interface Ask extends RepairMessage {
    Scope scope();
  }

  record Root(Scope scope) implements Ask {}

  record Children(Scope scope, int level, List<Integer> nodes) implements Ask {}

  record Leaves(Scope scope, List<Integer> leaves) implements Ask {}

  record Fetch(Scope scope, List<Key> keys) implements Ask {}

  record Push(Scope scope, List<Held> cells) implements Ask {}

  /** Which sets share keys with the asker? */
  record Groups(Scope scope) implements Ask {}

  /**
   * How far the others may rely on a replica.
   *
   * @param serving whether it has caught up, so that it answers quorums
   * @param used whether its disk holds anything, or has
   * @param floor below it, versions of absent keys were forgotten
   */
  record Standing(boolean serving, boolean used, long floor) {}

  /** What the root of the other's tree is. */
  record Summary(Standing standing, long root) implements RepairMessage {}

  /** The sets of nodes with which the other shares keys, the asker among them. */
  record Shared(Standing standing, List<Group> groups) implements RepairMessage {}

  /**
   * Keys that are shared by the same nodes.
   *
   * @param keys how many
   * @param bytes about how many their records take
   */
  record Group(List<NodeId> set, long keys, long bytes) {}

  record Hashes(long[] hashes) implements RepairMessage {}

  record Versions(List<Version> versions) implements RepairMessage {}

  record Cells(List<Held> cells) implements RepairMessage {}

  /** What was pushed is durable. */
  record Taken() implements RepairMessage {}

  /** The other is at another epoch. */
  record Elsewhere(long epoch) implements RepairMessage {}

  /** A key and the version that is held of it. */
  record Version(Key key, Tag tag) {}

  /** A key and the cell that is held of it. */
  record Held(Key key, Cell cell) {}

  /** The table above. */
  Codec<RepairMessage> CODEC =
      new Codec<>() {
        private static final int VERSION = 1;
        private static final int MAX_VALUE_BYTES = 64 << 20;

        @Override
        public void write(ByteWriter out, RepairMessage message) {
          out.int8(VERSION);
          if (message instanceof Root root) {
            scope(out.int8(1), root.scope);
          } else if (message instanceof Children children) {
            scope(out.int8(2), children.scope);
            numbers(out.int8(children.level), children.nodes);
          } else if (message instanceof Leaves leaves) {
            scope(out.int8(3), leaves.scope);
            numbers(out, leaves.leaves);
          } else if (message instanceof Fetch fetch) {
            scope(out.int8(4), fetch.scope);
            out.varint(fetch.keys.size());
            fetch.keys.forEach(key -> out.block(key.bytes()));
          } else if (message instanceof Push push) {
            scope(out.int8(5), push.scope);
            cells(out, push.cells);
          } else if (message instanceof Summary summary) {
            standing(out.int8(6), summary.standing).int64(summary.root);
          } else if (message instanceof Hashes hashes) {
            out.int8(7).varint(hashes.hashes.length);
            for (long hash : hashes.hashes) {
              out.int64(hash);
            }
          } else if (message instanceof Versions versions) {
            out.int8(8).varint(versions.versions.size());
            versions.versions.forEach(
                version -> Tag.CODEC.write(out.block(version.key.bytes()), version.tag));
          } else if (message instanceof Cells held) {
            cells(out.int8(9), held.cells);
          } else if (message instanceof Taken) {
            out.int8(10);
          } else if (message instanceof Elsewhere elsewhere) {
            out.int8(11).varint(elsewhere.epoch);
          } else if (message instanceof Groups groups) {
            scope(out.int8(12), groups.scope);
          } else if (message instanceof Shared shared) {
            standing(out.int8(13), shared.standing).varint(shared.groups.size());
            for (Group group : shared.groups) {
              set(out, group.set);
              out.varint(group.keys).varint(group.bytes);
            }
          } else {
            throw new AssertionError("unhandled message " + message);
          }
        }

        @Override
        public RepairMessage read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("version " + version + ", " + VERSION + " expected");
          }
          int kind = in.uint8();
          return switch (kind) {
            case 1 -> new Root(scope(in));
            case 2 -> new Children(scope(in), in.uint8(), numbers(in));
            case 3 -> new Leaves(scope(in), numbers(in));
            case 4 -> new Fetch(scope(in), keys(in));
            case 5 -> new Push(scope(in), cells(in));
            case 6 -> new Summary(standing(in), in.int64());
            case 7 -> new Hashes(hashes(in));
            case 8 -> new Versions(versions(in));
            case 9 -> new Cells(cells(in));
            case 10 -> new Taken();
            case 11 -> new Elsewhere(in.varint());
            case 12 -> new Groups(scope(in));
            case 13 -> new Shared(standing(in), groups(in));
            default -> throw in.malformed("message kind " + kind);
          };
        }

        private ByteWriter standing(ByteWriter out, Standing standing) {
          return out.bool(standing.serving).bool(standing.used).int64(standing.floor);
        }

        private Standing standing(ByteReader in) {
          return new Standing(in.bool(), in.bool(), in.int64());
        }

        private List<Group> groups(ByteReader in) {
          List<Group> groups = new ArrayList<>();
          for (int i = in.count(3, "groups"); i > 0; i--) {
            groups.add(new Group(set(in), in.varint(), in.varint()));
          }
          return groups;
        }

        private void scope(ByteWriter out, Scope scope) {
          set(out.varint(scope.epoch), scope.set);
        }

        private void set(ByteWriter out, List<NodeId> set) {
          out.varint(set.size());
          set.forEach(node -> out.text(node.value()));
        }

        private Scope scope(ByteReader in) {
          return new Scope(in.varint(), set(in));
        }

        private List<NodeId> set(ByteReader in) {
          List<NodeId> set = new ArrayList<>();
          for (int i = in.count(2, "nodes"); i > 0; i--) {
            String node = in.text(64, "node");
            try {
              set.add(NodeId.of(node));
            } catch (IllegalArgumentException e) {
              throw in.malformed(e.getMessage());
            }
          }
          return List.copyOf(set);
        }

        private void numbers(ByteWriter out, List<Integer> numbers) {
          out.varint(numbers.size());
          numbers.forEach(out::varint);
        }

        private List<Integer> numbers(ByteReader in) {
          List<Integer> numbers = new ArrayList<>();
          for (int i = in.count(1, "indexes"); i > 0; i--) {
            numbers.add(in.varint(Integer.MAX_VALUE, "index"));
          }
          return numbers;
        }

        private void cells(ByteWriter out, List<Held> cells) {
          out.varint(cells.size());
          cells.forEach(held -> held.cell.write(out.block(held.key.bytes())));
        }

        private List<Held> cells(ByteReader in) {
          List<Held> cells = new ArrayList<>();
          for (int i = in.count(20, "cells"); i > 0; i--) {
            Key key = new Key(in.block());
            cells.add(new Held(key, Cell.read(in, MAX_VALUE_BYTES)));
          }
          return cells;
        }

        private List<Key> keys(ByteReader in) {
          List<Key> keys = new ArrayList<>();
          for (int i = in.count(1, "keys"); i > 0; i--) {
            keys.add(new Key(in.block()));
          }
          return keys;
        }

        private long[] hashes(ByteReader in) {
          long[] hashes = new long[in.count(Long.BYTES, "hashes")];
          for (int i = 0; i < hashes.length; i++) {
            hashes[i] = in.int64();
          }
          return hashes;
        }

        private List<Version> versions(ByteReader in) {
          List<Version> versions = new ArrayList<>();
          for (int i = in.count(19, "versions"); i > 0; i--) {
            Key key = new Key(in.block());
            versions.add(new Version(key, Tag.CODEC.read(in)));
          }
          return versions;
        }
      };
}
