package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Who takes part in a group. During a change it is joint: every decision then needs a majority of
 * the voters and a majority of the outgoing voters. Learners receive the log and are never counted.
 *
 * @param voters who votes; empty for a node that waits to be added
 * @param outgoing who voted before the change under way; empty if there is none
 * @param learners who only receives; never a voter at the same time
 * @see <a href="https://raft.github.io/raft.pdf">Raft, section 6</a>
 */
public record Configuration(
    SortedSet<NodeId> voters, SortedSet<NodeId> outgoing, SortedSet<NodeId> learners) {
  static final Codec<Configuration> CODEC = new ConfigurationCodec();

  public Configuration {
    voters = copy(voters);
    outgoing = copy(outgoing);
    learners = copy(learners);
    if (!outgoing.isEmpty() && voters.isEmpty()) {
      throw new IllegalArgumentException("a joint configuration needs voters");
    }
    if (!Collections.disjoint(voters, learners)) {
      throw new IllegalArgumentException(
          "learners must not vote, were " + learners + " beside voters " + voters);
    }
  }

  /** A configuration of voters alone. */
  public static Configuration of(Collection<NodeId> voters) {
    return new Configuration(new TreeSet<>(voters), new TreeSet<>(), new TreeSet<>());
  }

  /** A configuration of voters and learners. */
  public static Configuration of(Collection<NodeId> voters, Collection<NodeId> learners) {
    return new Configuration(new TreeSet<>(voters), new TreeSet<>(), new TreeSet<>(learners));
  }

  /** Whether a change is under way. */
  public boolean isJoint() {
    return !outgoing.isEmpty();
  }

  /** Whether {@code node} votes, in either half of a joint configuration. */
  public boolean votes(NodeId node) {
    return voters.contains(node) || outgoing.contains(node);
  }

  /** All who take part in any way. */
  public SortedSet<NodeId> members() {
    SortedSet<NodeId> all = new TreeSet<>(voters);
    all.addAll(outgoing);
    all.addAll(learners);
    return all;
  }

  /** The first half of a change from this to {@code target}. */
  Configuration jointWith(Configuration target) {
    return new Configuration(target.voters, voters, target.learners);
  }

  /** What a joint configuration leads to. */
  Configuration settled() {
    return new Configuration(voters, new TreeSet<>(), learners);
  }

  /** Whether those who pass {@code test} are a majority (of both halves when joint). */
  boolean majority(Predicate<NodeId> test) {
    return agreed(node -> test.test(node) ? 1 : 0) == 1;
  }

  /** The highest value that a majority (of both halves when joint) has reached. */
  long agreed(ToLongFunction<NodeId> value) {
    long agreed = agreedIn(voters, value);
    return outgoing.isEmpty() ? agreed : Math.min(agreed, agreedIn(outgoing, value));
  }

  private static long agreedIn(SortedSet<NodeId> nodes, ToLongFunction<NodeId> value) {
    if (nodes.isEmpty()) {
      return Long.MIN_VALUE;
    }
    long[] values = new long[nodes.size()];
    int i = 0;
    for (NodeId node : nodes) {
      values[i++] = value.applyAsLong(node);
    }
    Arrays.sort(values);
    return values[(values.length - 1) / 2];
  }

  private static SortedSet<NodeId> copy(SortedSet<NodeId> nodes) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(nodes));
  }

  /** A version byte, then voters, outgoing voters and learners, each behind its count. */
  private static final class ConfigurationCodec implements Codec<Configuration> {
    private static final int VERSION = 1;

    @Override
    public void write(ByteWriter out, Configuration value) {
      out.int8(VERSION);
      writeNodes(out, value.voters);
      writeNodes(out, value.outgoing);
      writeNodes(out, value.learners);
    }

    @Override
    public Configuration read(ByteReader in) {
      int version = in.uint8();
      if (version != VERSION) {
        throw in.malformed("a configuration of version " + version);
      }
      try {
        return new Configuration(readNodes(in), readNodes(in), readNodes(in));
      } catch (IllegalArgumentException e) {
        throw in.malformed(e.getMessage());
      }
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
