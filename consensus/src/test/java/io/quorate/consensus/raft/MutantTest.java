package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.mutation.MutantLab;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The tests of the tests: bugs that other implementations had, put back one by one, must each be
 * found by a test of their item, or else by the storms of {@link CoreNetworkTest} within 100 seeds.
 */
class MutantTest {
  /** With it, every bug is also given to the storms, and the table of who found it is printed. */
  private static final boolean STORMS = Boolean.getBoolean("mutant.storms");

  private static final int SEEDS = Integer.getInteger("mutant.seeds", 100);

  private static final Class<?>[] ITEM_TESTS = {
    ElectionTest.class, ReplicationTest.class, MembershipAndReadsTest.class
  };

  static final List<KnownBug> MUTANTS =
      List.of(
          new KnownBug("votes leave before they are durable (sofa-jraft 1245)", 1, "Election",
              "    state.out.sendAfterState(from, new VoteReply(state.term, granted));",
              "    state.out.sendNow(from, new VoteReply(state.term, granted));"),
          new KnownBug("a candidate counts its own vote before it is durable", 1, "RaftCore",
              "if (!state.out.stateStored() || !election.elected()) {",
              "election.granted(state.member); if (!election.elected()) {"),
          new KnownBug("the vote is not stored (jgroups-raft before April 2026)", 2, "Outbox",
              "              Optional.ofNullable(state.vote),",
              "              Optional.empty(),"),
          new KnownBug("two votes in one term", 3, "Election",
              "boolean free = state.vote == null || state.vote.equals(from);",
              "boolean free = true;"),
          new KnownBug("a rejection counts as a vote (openraft 0.10-alpha.2)", 3, "RaftCore",
              "if (state.role == Role.CANDIDATE && m.granted()) {",
              "if (state.role == Role.CANDIDATE) {"),
          new KnownBug("a newer term keeps the old vote", 3, "RaftCore",
              "      state.vote = null;\n      state.out.stateChanged();",
              "      state.out.stateChanged();"),
          new KnownBug("logs compared by index alone (openraft a48a3282)", 4, "LogView",
              "return term > lastTerm() || term == lastTerm() && index >= lastIndex;",
              "return index >= lastIndex;"),
          new KnownBug("logs compared by term alone", 4, "LogView",
              "return term > lastTerm() || term == lastTerm() && index >= lastIndex;",
              "return term >= lastTerm();"),
          new KnownBug("a pre-vote is granted whatever the log", 5, "Election",
              "            && state.log.isUpToDate(request.lastTerm(), request.lastIndex());\n"
                  + "    state.out.sendAfterState(from, new PreVoteReply",
              "            && request.lastIndex() >= 0;\n"
                  + "    state.out.sendAfterState(from, new PreVoteReply"),
          new KnownBug("a higher term in an answer is ignored (openraft 1796)", 6, "RaftCore",
              "      follow(message.term(), null);\n    }\n    if (message instanceof ReadIndex m)",
              "      if (!(message instanceof PreVoteReply)) { follow(message.term(), null); }\n"
                  + "    }\n    if (message instanceof ReadIndex m)"),
          new KnownBug("a leader without a quorum stays (jgroups-raft 79)", 7, "Leadership",
              "    if (!quorumHeard && !patient || diskHangs()) {",
              "    if (diskHangs() && quorumHeard && patient) {"),
          new KnownBug("an entry of an earlier term is committed by counting (logcabin 44)", 10,
              "Leadership",
              "if (agreed > state.commitIndex && state.log.termAt(agreed) == state.term) {",
              "if (agreed > state.commitIndex) {"),
          new KnownBug("a sign of life acknowledges the follower's whole log (ratis 1519)", 11,
              "Following",
              "long index = Math.min(verified, state.out.storedIndex());",
              "long index = state.out.storedIndex();"),
          new KnownBug("a sign of life acknowledges what is not durable", 16, "Following",
              "long index = Math.min(verified, state.out.storedIndex());",
              "long index = verified;"),
          new KnownBug("an old append cuts the log (openraft 9540c904)", 12, "Following",
              "      if (known == entries.get(i).term) {\n        continue;\n      }",
              "      if (known == entries.get(i).term && i > 0) {\n        continue;\n      }"),
          new KnownBug("the previous entry is not checked (openraft 6202138f)", 12, "Following",
              "if (prev > state.log.baseIndex() && state.log.termAt(prev) != request.prevTerm()) {",
              "if (prev > state.log.lastIndex()) {"),
          new KnownBug("a follower commits what the leader committed, verified or not", 13,
              "Following",
              "long committed = Math.min(request.commitIndex(), verified);",
              "long committed = Math.min(request.commitIndex(), state.log.lastIndex());"),
          new KnownBug("half is a majority (openraft 1802)", 14, "Configuration",
              "return values[(values.length - 1) / 2];",
              "return values[values.length / 2];"),
          new KnownBug("an acknowledgement does not wait for the disk (MicroRaft 0.7)", 16,
              "Following",
              "      state.out.sendAfterAll(leader, accepted(request, verified));",
              "      state.out.sendNow(leader, accepted(request, verified));"),
          new KnownBug("an entry that is known is acknowledged before it is durable (camunda 6784)",
              16, "Outbox",
              "      before.add(new Send(to, message, lastPersist));",
              "      before.add(new Send(to, message, statePersist));"),
          new KnownBug("the leader counts itself before its disk", 16, "Replication",
              "      return state.out.storedIndex();",
              "      return state.log.lastIndex();"),
          new KnownBug("durability of what was truncated counts for what took its place", 16,
              "Outbox",
              "    inFlight.forEach(persist -> persist.lastIndex = Math.min(persist.lastIndex,"
                  + " index - 1));\n",
              ""),
          new KnownBug("a change before an entry of the term is committed (Ongaro 2015)", 19,
              "Reconfiguration",
              "} else if (!leadership.termCommitted()) {",
              "} else if (expectedIndex < -1) {"),
          new KnownBug("a second change while one is under way (redpanda 17675)", 19,
              "Reconfiguration",
              "} else if (current.isJoint()"
                  + " || state.log.configurationIndex() > state.commitIndex) {",
              "} else if (expectedIndex < -1) {"),
          new KnownBug("a joint configuration decides by the new half alone", 20, "Configuration",
              "    return outgoing.isEmpty()\n        ? agreed\n",
              "    return outgoing != null\n        ? agreed\n"),
          new KnownBug("voters change in one step", 20, "Reconfiguration",
              "append(votersStay ? next : current.jointWith(next));",
              "append(next);"),
          new KnownBug("a removed leader stays in office", 20, "Reconfiguration",
              "    if (!current.votes(state.self)) {",
              "    if (current.voters().isEmpty()) {"),
          new KnownBug("a joint change is never settled by a later leader", 20, "Reconfiguration",
              "    if (current.isJoint()) {\n      append",
              "    if (current.isJoint() && requested) {\n      append"),
          new KnownBug("the configuration stays when the log goes back (camunda 57393)", 21,
              "LogView",
              "    configurations.tailMap(index, true).clear();\n",
              ""),
          new KnownBug("a snapshot carries the newest configuration (matrixone 24966)", 22,
              "LogView",
              "= configurations.floorEntry(index);",
              "= configurations.floorEntry(Math.min(index, configurations.firstKey()));"),
          new KnownBug("a node outside the newest configuration never campaigns", 23, "Election",
              "state.log.mayBeVoter(state.member, state.commitIndex)",
              "state.log.isVoter(state.self)"),
          new KnownBug("a snapshot keeps a log that conflicts with it", 25, "NodeState",
              "    if (log.termAt(mark.index()) == mark.term()) {",
              "    if (log.termAt(mark.index()) >= 0) {"),
          new KnownBug("a snapshot moves the state back", 25, "Following",
              "    if (mark.index() > state.commitIndex) {\n      state.install(mark);",
              "    if (mark.index() > 0) {\n      state.install(mark);"),
          new KnownBug("a chunk out of order is written", 26, "Following",
              "if (request.offset() == nextOffset && request.bytes().length > 0) {",
              "if (request.bytes().length > 0) {"),
          new KnownBug("a lost chunk is never sent again", 26, "Replication",
              "        repeatChunk(peer);\n",
              ""),
          new KnownBug("a read is served without a round (jgroups-raft 208)", 28, "Readers",
              "waiting.peekFirst().round <= round",
              "waiting.peekFirst().round <= round + 2"),
          new KnownBug("a read is served by a round that began before it (etcd raft 397)", 28,
              "Readers",
              "waiting.addLast(new Waiting(reader, round, state.commitIndex))",
              "waiting.addLast(new Waiting(reader, round - 1, state.commitIndex))"),
          new KnownBug("reads do not wait for an entry of the term (toydb 35)", 28, "Leadership",
              "    if (termCommitted() && readers.needRound(rounds, confirmed)) {",
              "    if (readers.needRound(rounds, confirmed)) {"),
          new KnownBug("a lease is counted from the answer (MicroRaft)", 29, "Rounds",
              "peer.leaseFromNanos = beganNanos[(int) (round % REMEMBERED)];",
              "peer.leaseFromNanos = beganNanos[(int) (current % REMEMBERED)];"),
          new KnownBug("a lease as long as four election time-outs", 29, "CoreOptions",
              "return electionTimeoutNanos / 4 * 3;",
              "return electionTimeoutNanos * 4;"),
          new KnownBug("a lease survives a transfer (etcd 6005)", 29, "Leadership",
              "        && !handover.nominated()\n",
              ""),
          new KnownBug("a node that has lost its directory votes", 35,
              "Ballot",
              "return its != null && Configuration.counts(birth, its);",
              "return its != null;"),
          new KnownBug("a node that has lost its directory commits", 35, "Replication",
              "return peer != null && Configuration.counts(birth, peer.birth) ? peer : null;",
              "return peer;"),
          new KnownBug("a first voter that was never heard counts in any birth", 35,
              "Configuration",
              "births.isEmpty() ? ANY_BIRTH : NO_BIRTH",
              "ANY_BIRTH"),
          new KnownBug("a leader counts itself in any birth", 35, "Member",
              "id.equals(node) && Configuration.counts(noted, birth)",
              "id.equals(node)"),
          new KnownBug("a group is founded without one that voted for another", 35, "Election",
              "    if (denied) {\n      return false;",
              "    if (denied) {\n      return true;"),
          new KnownBug("a new voter need not be heard", 35, "Reconfiguration",
              "if (!current.voters().contains(voter) && !next.births().containsKey(voter)) {",
              "if (next.voters().isEmpty()) {"),
          new KnownBug("a voter forgets the leader it has just heard", 29, "ElectionTimer",
              "return heard && nowNanos - lastHeardNanos < options.electionTimeoutNanos();",
              "return false;"),
          new KnownBug("a restarted node forgets that it may have promised to wait", 29,
              "ElectionTimer",
              "deadlineNanos = nowNanos + base + (long) (chance() * base / 6) + lazyNanos(base);",
              "restartSoon(nowNanos);"));

  /** Who has found a bug; null if nobody has. */
  private record Found(KnownBug bug, String test, String seed) {
    static Found of(KnownBug bug) {
      MutantLab lab = bug.laboratory();
      String test = lab.firstFailureOf(ITEM_TESTS).map(Found::firstWord).orElse(null);
      boolean storm = test == null || STORMS;
      String seed = storm ? storms(lab, SEEDS).map(Found::firstWord).orElse(null) : null;
      return new Found(bug, test, seed);
    }

    private static String firstWord(String complaint) {
      return complaint.substring(0, complaint.indexOf(':'));
    }

    boolean survived() {
      return test == null && seed == null;
    }

    @Override
    public String toString() {
      return String.format(
          "| %d | %s | %s | %s |", bug.item(), bug.name(), test == null ? "-" : test,
          seed == null ? "-" : seed);
    }
  }

  private static Optional<String> storms(MutantLab lab, int seeds) {
    return lab.firstFailureOf(CoreNetworkTest.class, "run", seeds);
  }

  @Test
  void every_known_bug_is_found_within_the_budget() {
    List<Found> all = MUTANTS.parallelStream().map(Found::of).toList();
    if (STORMS) {
      all.forEach(System.out::println);
    }

    assertThat(all.stream().filter(Found::survived)).isEmpty();
    assertThat(all).hasSizeGreaterThanOrEqualTo(30);
  }

  @Test
  void the_unchanged_sources_pass_what_finds_the_bugs() {
    MutantLab lab =
        new KnownBug("none", 0, "Ballot", "granted.put(voter.id(), voter.birth());",
            "granted.put(voter.id(), voter.birth());")
            .laboratory();

    assertThat(lab.firstFailureOf(ITEM_TESTS)).isEmpty();
    assertThat(storms(lab, 10)).isEmpty();
  }
}
