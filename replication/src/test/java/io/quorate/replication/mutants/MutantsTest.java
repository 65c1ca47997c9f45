package io.quorate.replication.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.mutation.Mutant;
import io.quorate.core.mutation.MutantLab;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The tests themselves are tested: known bugs of such stores, put back one by one, must each be
 * caught. A test or campaign that lets one of them pass proves nothing. Takes minutes, so it runs with
 * {@code -Dmutants=true} only.
 */
@EnabledIfSystemProperty(named = "mutants", matches = "true")
class MutantsTest {
  private static final int SEEDS = 500;
  private static final String PACKAGE = "io.quorate.replication.";
  private static final String QUORUM = "quorum.QuorumCampaign";
  private static final String EVENTUAL = "eventual.EventualCampaign";
  private static final String CHANGE = "quorum.PlacementChangeTest#";
  private static final String LOCAL = "local.LogStructuredStoreTest#";

  /**
   * A bug.
   *
   * @param file below {@code io/quorate/replication}, without the ending
   * @param detector a class with a method {@code run(long)}, which is run for one seed after the
   *     other; or {@code Class#method}, a test
   */
  record Bug(String name, String file, String original, String replacement, String detector) {
    @Override
    public String toString() {
      return name;
    }

    /** What the detector says; empty if it finds nothing. */
    Optional<String> complaint(int seeds) {
      Mutant mutant = new Mutant(name, PACKAGE + file.replace('/', '.'), original, replacement);
      MutantLab lab = new MutantLab(mutant, Path.of("src/main/java"), PACKAGE);
      String[] parts = detector.split("#");
      Class<?> type = classOf(PACKAGE + parts[0]);
      return parts.length == 2
          ? lab.failureOf(type, parts[1])
          : lab.firstFailureOf(type, "run", seeds);
    }

    /** By its name, since tests are of their packages alone. */
    private static Class<?> classOf(String name) {
      try {
        return Class.forName(name);
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static Stream<Bug> bugs() {
    return Stream.of(
        new Bug("a read does not write back", "quorum/CoordinatorCore",
            "    } else if (agreed) {", "    } else if (true) {", QUORUM),
        new Bug("a repair or an old write overwrites what is newer", "replica/CellTable",
            "    if (!wins) {", "    if (false) {", QUORUM),
        new Bug("a write is acknowledged before it is forced", "local/GroupCommit",
            "    if (sequence <= durableSequence) {", "    if (true) {",
            LOCAL + "p29_crashes_at_any_moment_lose_nothing_that_was_durable"),
        new Bug("a version is chosen by the writer's clock alone", "quorum/CoordinatorCore",
            "clock.above(highest, wallMillis)", "clock.above(0, wallMillis)", QUORUM),
        new Bug("a hint counts as a write", "quorum/CoordinatorCore",
            "mayResend(operation, waitedNanos)) {\n        sendWrites(operation, nowNanos);",
            "mayResend(operation, waitedNanos)) {\n"
                + "        operation.holders = operation.plan.all();\n"
                + "        written(operation);", QUORUM),
        new Bug("quorums that need not meet", "quorum/Plan",
            "case LINEARIZABLE -> List.of(new Share(set, Quota.majority(set.size())));",
            "case LINEARIZABLE -> List.of(new Share(set, 1));", QUORUM),
        new Bug("a wiped disk answers quorums", "quorum/Replica",
            "    if (read.strong() && !standing.answersFor(read.key())) {", "    if (false) {",
            "quorum.QuorumStoreTest#"
                + "p15_a_wiped_replica_answers_no_quorum_before_it_has_caught_up"),
        new Bug("what is read need not be durable", "local/LogStructuredStore",
            "return entry == null ? lastSequence() : entry.sequence;",
            "return 0;",
            "quorum.QuorumStoreTest#what_a_read_returned_survives_the_crash_of_every_node"),
        new Bug("a timed out write is called refused", "quorum/CoordinatorCore",
            "    if (operation.phase == Operation.Phase.WRITE) {\n      operations.remove(operation.id);",
            "    if (false) {\n      operations.remove(operation.id);", QUORUM),
        new Bug("duplicate answers count twice", "quorum/Quota",
            "    return count >= needed;", "    return count + 1 >= needed;", QUORUM),
        new Bug("tombstones are forgotten by age", "replica/CellTable",
            "      if (dead && isHeldByAll(key, heldByAll)) {", "      if (dead) {",
            "eventual.EventualStoreTest#"
                + "p19_no_tombstone_is_forgotten_while_a_member_is_down_and_nothing_comes_back"),
        new Bug("a wiped node gives its versions again", "clock/Incarnation",
            "Math.max(0, clock.wallMillis()) << RANDOM_BITS | random.nextInt(1 << RANDOM_BITS);",
            "1;",
            "eventual.EventualStoreTest#p4_a_node_whose_disk_was_wiped_never_gives_a_version_again"),
        new Bug("the summary leaves the version out", "merkle/MerkleTree",
            "mix(mix(mix(keyHash ^ tag.time()) + tag.epoch()) ^ tag.writer().value().hashCode())",
            "mix(keyHash)", EVENTUAL),
        new Bug("a clock far ahead is believed", "clock/TagClock",
            "    if (far && (tag.time() & 1) == 0) {", "    if (false) {",
            "eventual.EventualStoreTest#p2_a_poisoned_clock_is_not_believed_and_harms_nobody"),
        new Bug("a torn group is taken for a whole one", "local/Recovery",
            "    if (RecordFormat.groupCrc(group, 0, group.length) != crc) {", "    if (false) {",
            LOCAL + "p29_crashes_at_any_moment_lose_nothing_that_was_durable"),
        new Bug("damage shortens the log", "local/Recovery",
            "    int behind = forced ? goodGroupBehind(segment, offset, nextSequence + 1) : -1;",
            "    int behind = -1;", LOCAL
                + "p27_damage_before_good_data_is_an_error_that_names_the_place_and_not_a_shorter_log"),
        new Bug("values are not verified when read", "local/RecordFormat",
            "|| in.int32() != crc(bytes, from + 4, length - 4)",
            "|| in.int32() == 0 && false", LOCAL
                + "p30_a_flipped_bit_in_a_value_is_found_when_it_is_read"),
        new Bug("a failed force is tried again", "local/GroupCommit",
            "          } catch (StorageException e) {\n            loop.execute(() -> fail(e));\n"
                + "            return;\n          }\n          loop.execute(() -> written(group.sequence, full));",
            "          } catch (StorageException e) {\n            loop.execute(() -> write(group));\n"
                + "            return;\n          }\n          loop.execute(() -> written(group.sequence, full));",
            LOCAL + "p25_after_a_failed_force_nothing_more_is_written_and_reads_go_on"),
        new Bug("shards are not forced before the manifest", "checkpoint/ShardOutput",
            "    file.force(true);", "", "checkpoint.CheckpointFilesTest#"
                + "p34_a_crash_at_any_of_1000_points_leaves_the_newest_committed_one_whole"),
        new Bug("a collection trusts the newest unread", "checkpoint/Retention",
            "kept.stream().anyMatch(id -> files.verify(id).isEmpty())", "!kept.isEmpty()",
            "checkpoint.CheckpointFilesTest#"
                + "collection_never_deletes_the_last_one_that_verifies"),
        new Bug("while keys move only the new quorum counts", "quorum/PlacementTopology",
            "List.of(sources) : List.of(sources, targets);", "List.of(sources) : List.of(targets);",
            QUORUM),
        new Bug("while keys move only the old quorum counts", "quorum/PlacementTopology",
            "List.of(sources) : List.of(sources, targets);", "List.of(sources) : List.of(sources);",
            QUORUM),
        new Bug("a new node counts before it has received its keys", "replica/CatchUp",
            "received = allHave(compared, quorums::move);", "received = true;", QUORUM),
        new Bug("a change is settled before the keys have arrived", "quorum/Mover",
            "} else if (progress.waitingFor().isEmpty() && !settling) {", "} else if (!settling) {",
            QUORUM),
        new Bug("a stale epoch is accepted", "quorum/Replica",
            "    if (request.epoch() != table.topology().epoch()) {",
            "    if (request.epoch() > table.topology().epoch()) {", QUORUM),
        new Bug("a source forgets its keys when they begin to move", "replica/Planting",
            "topology.isMoving() && !topology.isSource(self, key.bytes()) && after.shares(key)",
            "topology.isMoving()", QUORUM),
        new Bug("keys that have moved away come back with their node", "replica/Planting",
            "topology.isMoving() && !topology.isSource(self, key.bytes()) && after.shares(key)",
            "false", CHANGE
                + "p19_a_node_that_comes_back_into_the_placement_brings_no_deleted_key_with_it"),
        new Bug("the placement gone by is not kept", "quorum/PlacementFollower",
            "        .thenCompose(v -> write(next))\n", "", CHANGE
                + "p14_a_node_that_restarts_without_the_register_goes_by_the_placement_it_went_by_"
                + "before"),
        new Bug("comparing with who does not serve counts", "replica/CatchUp",
            "    if (serving.contains(peer)) {\n      compared.add(peer);",
            "    if (true) {\n      compared.add(peer);",
            "replica.CatchUpTest#p15_who_does_not_serve_counts_for_nothing"),
        new Bug("answers of an earlier placement count", "quorum/CoordinatorCore",
            "        || operation.wireId() != reply.operation()\n", "",
            "quorum.CoordinatorCoreTest#"
                + "p13_a_read_in_progress_begins_anew_among_the_replicas_before_and_after"),
        new Bug("two new disks of three are a new cluster", "replica/CatchUp",
            "!used && set.stream().allMatch(", "!used && set.stream().anyMatch(",
            "quorum.QuorumStoreTest#p15_two_new_disks_of_three_begin_nothing_while_the_third_may_"
                + "hold_what_was_acknowledged"),
        new Bug("hints for who has left are thrown away", "quorum/Hints",
            "      owners.forEach(owner -> hintLog.keep(owner, key, cell));\n", "", CHANGE
                + "p18_a_hint_for_a_node_that_has_left_goes_to_those_that_came"));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void a_known_bug_is_caught(Bug bug) {
    assertThat(bug.complaint(SEEDS)).isPresent();
  }

  static Stream<String> detectors() {
    return bugs().map(Bug::detector).distinct();
  }

  @ParameterizedTest
  @MethodSource("detectors")
  void the_unchanged_sources_pass_what_finds_the_bugs(String detector) {
    Bug none = new Bug("none", "replica/CellTable", "class CellTable", "class CellTable", detector);

    assertThat(none.complaint(20)).isEmpty();
  }
}
