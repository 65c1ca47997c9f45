package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * Who takes part in a group. During a change it is joint: every decision then needs a majority of
 * the voters and a majority of the outgoing voters. Learners receive the log and are never counted.
 *
 * @param voters who votes; empty for a node that waits to be added
 * @param outgoing who voted before the change under way; empty if there is none
 * @param learners who only receives; never a voter at the same time
 * @param births in which birth each voter counts: a number drawn when its directory was made. Empty
 *     in a new group, in which any counts until the first leader notes those of its majority; from
 *     then on one of whom none is noted does not count
 * @param outgoingBirths the same of the outgoing voters
 * @see <a href="https://raft.github.io/raft.pdf">Raft, section 6</a>
 */
public record Configuration(
    SortedSet<NodeId> voters,
    SortedSet<NodeId> outgoing,
    SortedSet<NodeId> learners,
    SortedMap<NodeId, Long> births,
    SortedMap<NodeId, Long> outgoingBirths) {
  static final Codec<Configuration> CODEC = new ConfigurationCodec();
  /** In the place of a birth: the voter counts, whichever it is in. */
  static final long ANY_BIRTH = 0;
  /** In the place of a birth: the voter counts in none. */
  static final long NO_BIRTH = -1;

  public Configuration {
    voters = copy(voters);
    outgoing = copy(outgoing);
    learners = copy(learners);
    births = Collections.unmodifiableSortedMap(new TreeMap<>(births));
    outgoingBirths = Collections.unmodifiableSortedMap(new TreeMap<>(outgoingBirths));
    if (!outgoing.isEmpty() && voters.isEmpty()) {
      throw new IllegalArgumentException("a joint configuration needs voters");
    }
    if (!Collections.disjoint(voters, learners)) {
      throw new IllegalArgumentException(
          "learners must not vote, were " + learners + " beside voters " + voters);
    }
    if (!voters.containsAll(births.keySet()) || !outgoing.containsAll(outgoingBirths.keySet())) {
      throw new IllegalArgumentException(
          "births must be of voters, were " + births + " and " + outgoingBirths);
    }
  }

  /** A configuration of voters alone. */
  public static Configuration of(Collection<NodeId> voters) {
    return of(voters, List.of());
  }

  /** A configuration of voters and learners. */
  public static Configuration of(Collection<NodeId> voters, Collection<NodeId> learners) {
    return new Configuration(
        new TreeSet<>(voters),
        new TreeSet<>(),
        new TreeSet<>(learners),
        new TreeMap<>(),
        new TreeMap<>());
  }

  /** Whether a change is under way. */
  public boolean isJoint() {
    return !outgoing.isEmpty();
  }

  /** Whether {@code node} votes, in either half of a joint configuration. */
  public boolean votes(NodeId node) {
    return voters.contains(node) || outgoing.contains(node);
  }

  /** Whether {@code member} votes in this birth, in either half of a joint configuration. */
  boolean votes(Member member) {
    return voters.contains(member.id()) && counts(births, member)
        || outgoing.contains(member.id()) && counts(outgoingBirths, member);
  }

  private static boolean counts(SortedMap<NodeId, Long> births, Member member) {
    return counts(birth(births, member.id()), member.birth());
  }

  /** Whether what is done in {@code birth} counts where {@code noted} is noted. */
  static boolean counts(long noted, long birth) {
    return noted == ANY_BIRTH || noted == birth;
  }

  private static long birth(SortedMap<NodeId, Long> births, NodeId voter) {
    return births.getOrDefault(voter, births.isEmpty() ? ANY_BIRTH : NO_BIRTH);
  }

  /** Whether nobody has led the group yet, as far as this configuration tells. */
  boolean isNew() {
    return births.isEmpty() && outgoingBirths.isEmpty();
  }

  /** The same voters, who count in the births of {@code known} from now on. */
  Configuration withBirths(Map<NodeId, Long> known) {
    SortedMap<NodeId, Long> counted = new TreeMap<>(known);
    counted.keySet().retainAll(voters);
    return new Configuration(voters, outgoing, learners, counted, outgoingBirths);
  }

  /** All who take part in any way. */
  public SortedSet<NodeId> members() {
    SortedSet<NodeId> all = new TreeSet<>(voters);
    all.addAll(outgoing);
    all.addAll(learners);
    return all;
  }

  SortedSet<NodeId> membersBesides(NodeId self) {
    SortedSet<NodeId> others = members();
    others.remove(self);
    return others;
  }

  /** The first half of a change from this to {@code target}. */
  Configuration jointWith(Configuration target) {
    return new Configuration(target.voters, voters, target.learners, target.births, births);
  }

  /** What a joint configuration leads to. */
  Configuration settled() {
    return new Configuration(voters, new TreeSet<>(), learners, births, new TreeMap<>());
  }

  /** Whether those who pass {@code test} are a majority (of both halves when joint). */
  boolean majority(BiPredicate<NodeId, Long> test) {
    return agreed((node, birth) -> test.test(node, birth) ? 1 : 0) == 1;
  }

  /** What a voter has reached in the birth that counts, or {@link #ANY_BIRTH}. */
  interface Reached {
    long by(NodeId node, long birth);
  }

  /** The highest value that a majority (of both halves when joint) has reached. */
  long agreed(Reached value) {
    long agreed = agreedIn(voters, births, value);
    return outgoing.isEmpty()
        ? agreed
        : Math.min(agreed, agreedIn(outgoing, outgoingBirths, value));
  }

  private static long agreedIn(
      SortedSet<NodeId> nodes, SortedMap<NodeId, Long> births, Reached value) {
    if (nodes.isEmpty()) {
      return Long.MIN_VALUE;
    }
    long[] values = new long[nodes.size()];
    int i = 0;
    for (NodeId node : nodes) {
      values[i++] = value.by(node, birth(births, node));
    }
    Arrays.sort(values);
    return values[(values.length - 1) / 2];
  }

  private static SortedSet<NodeId> copy(SortedSet<NodeId> nodes) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(nodes));
  }

  /**
   * A version byte, then voters, outgoing voters and learners, each behind its count; in version 2
   * then births and outgoing births, each behind its count. Without births it is of version 1.
   */
  private static final class ConfigurationCodec implements Codec<Configuration> {
    private static final int VERSION = 2;

    @Override
    public void write(ByteWriter out, Configuration value) {
      out.int8(value.isNew() ? 1 : VERSION);
      writeNodes(out, value.voters);
      writeNodes(out, value.outgoing);
      writeNodes(out, value.learners);
      if (!value.isNew()) {
        writeBirths(out, value.births);
        writeBirths(out, value.outgoingBirths);
      }
    }

    @Override
    public Configuration read(ByteReader in) {
      int version = in.uint8();
      if (version < 1 || version > VERSION) {
        throw in.malformed("a configuration of version " + version);
      }
      try {
        return new Configuration(
            readNodes(in),
            readNodes(in),
            readNodes(in),
            version == 1 ? new TreeMap<>() : readBirths(in),
            version == 1 ? new TreeMap<>() : readBirths(in));
      } catch (IllegalArgumentException e) {
        throw in.malformed(e.getMessage());
      }
    }

    private static void writeBirths(ByteWriter out, SortedMap<NodeId, Long> births) {
      out.varint(births.size());
      births.forEach((node, birth) -> out.text(node.value()).int64(birth));
    }

    private static SortedMap<NodeId, Long> readBirths(ByteReader in) {
      int count = in.count(2 + Long.BYTES, "births");
      SortedMap<NodeId, Long> births = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        births.put(NodeId.of(in.text(64, "node id")), in.int64());
      }
      return births;
    }

    private static void writeNodes(ByteWriter out, SortedSet<NodeId> nodes) {
      out.varint(nodes.size());
      nodes.forEach(node -> out.text(node.value()));
    }

    private static SortedSet<NodeId> readNodes(ByteReader in) {
      int count = in.count(2, "nodes");
      SortedSet<NodeId> nodes = new TreeSet<>();
      for (int i = 0; i < count; i++) {
        nodes.add(NodeId.of(in.text(64, "node id")));
      }
      return nodes;
    }
  }
}
