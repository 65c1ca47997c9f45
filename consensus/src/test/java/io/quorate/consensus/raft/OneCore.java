package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** One core whose world is the test. Its disk answers when the test says so. */
final class OneCore {
  static final long MILLI = 1_000_000;
  /** In which all nodes are, unless a test says otherwise. */
  static final long BIRTH = 1;
  static final NodeId A = NodeId.of("a");
  static final NodeId B = NodeId.of("b");
  static final NodeId C = NodeId.of("c");
  static final NodeId D = NodeId.of("d");
  static final CoreOptions OPTIONS =
      new CoreOptions(100 * MILLI, 20 * MILLI, 10_000, 100_000, 1_000_000, 10);

  final RaftCore core;
  final List<Effect> effects = new ArrayList<>();
  long nowNanos = 1_000_000_000L;
  private long persisted;

  OneCore(Configuration configuration) {
    this(recovered(0, null, configuration));
  }

  OneCore(RaftCore.Recovered recovered) {
    this(A, recovered, 1);
  }

  OneCore(NodeId self, RaftCore.Recovered recovered, long seed) {
    core =
        new RaftCore(
            new Member(self, BIRTH), OPTIONS, new SplittableRandom(seed), recovered, nowNanos);
  }

  static OneCore ofThree() {
    return new OneCore(Configuration.of(List.of(A, B, C)));
  }

  /** All of whose voters count in {@link #BIRTH}, as in a group that has had a leader. */
  static Configuration inBirth(Configuration configuration) {
    Map<NodeId, Long> births = new TreeMap<>();
    configuration.voters().forEach(voter -> births.put(voter, BIRTH));
    return configuration.withBirths(births);
  }

  static RaftCore.Recovered recovered(
      long term, NodeId vote, Configuration configuration, Entry... entries) {
    return new RaftCore.Recovered(
        term, vote, SnapshotMark.initial(inBirth(configuration)), null, List.of(entries));
  }

  static Entry entry(long term, String command) {
    return Entry.of(Proposal.command(command.getBytes()), term, 0);
  }

  /** Steps, and keeps the effects of this step alone. */
  OneCore step(Input input) {
    effects.clear();
    effects.addAll(core.step(input));
    for (Effect effect : effects) {
      if (effect instanceof Effect.Persist persist) {
        persisted = persist.number();
      }
    }
    return this;
  }

  OneCore receive(NodeId from, Message message) {
    return receive(new Member(from, BIRTH), message);
  }

  OneCore receive(Member from, Message message) {
    return step(new Input.Receive(from, message, nowNanos));
  }

  OneCore pass(long millis) {
    for (long i = 0; i < millis; i += 5) {
      nowNanos += 5 * MILLI;
      step(new Input.Tick(nowNanos));
    }
    return this;
  }

  /** Everything persisted so far becomes durable. */
  OneCore sync() {
    return step(new Input.Stored(persisted, nowNanos));
  }

  OneCore propose(String... commands) {
    List<Proposal> batch = new ArrayList<>();
    for (String command : commands) {
      batch.add(Proposal.command(command.getBytes()));
    }
    return step(new Input.Propose(batch, nowNanos));
  }

  /** Lets time pass until it asks for pre-votes, and stops there. */
  OneCore awaitPreVote() {
    for (int i = 0; i < 200; i++) {
      nowNanos += 5 * MILLI;
      step(new Input.Tick(nowNanos));
      if (!sent(Message.PreVote.class).isEmpty()) {
        return this;
      }
    }
    throw new AssertionError("no pre-vote");
  }

  /** Makes it the leader of the next term, with the vote of {@code helper}; its no-op is stored. */
  OneCore lead(NodeId helper) {
    awaitPreVote();
    long term = core.term() + 1;
    receive(helper, new Message.PreVoteReply(core.term(), term, true));
    sync();
    receive(helper, new Message.VoteReply(term, true));
    if (core.role() != Role.LEADER) {
      throw new AssertionError("not the leader");
    }
    return sync();
  }

  /** As {@link #lead}, and the no-op is committed with the help of {@code helper}. */
  OneCore leadAndCommit(NodeId helper) {
    lead(helper);
    return acknowledge(helper, core.log().lastIndex());
  }

  OneCore acknowledge(NodeId from, long index) {
    return receive(from, new Message.AppendReply(core.term(), 0, true, index, 0));
  }

  /** Answers the latest round, as {@code from}. */
  OneCore answerRound(NodeId from, long round, long index) {
    return receive(from, new Message.AppendReply(core.term(), round, true, index, 0));
  }

  <M extends Message> List<M> sent(Class<M> type) {
    List<M> found = new ArrayList<>();
    for (Effect effect : effects) {
      if (effect instanceof Effect.Send send && type.isInstance(send.message())) {
        found.add(type.cast(send.message()));
      }
    }
    return found;
  }

  Optional<Effect.Send> send(NodeId to, Class<? extends Message> type) {
    return effects.stream()
        .filter(Effect.Send.class::isInstance)
        .map(Effect.Send.class::cast)
        .filter(send -> send.to().equals(to) && type.isInstance(send.message()))
        .findFirst();
  }

  <E extends Effect> Optional<E> effect(Class<E> type) {
    return effects.stream().filter(type::isInstance).map(type::cast).findFirst();
  }
}
