package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * A cluster of pure cores under one seed: messages are lost, doubled and reordered, links break one
 * way, nodes crash with part of what was not durable, disks are slow, clocks drift, snapshots are
 * taken and sent, members change, leaders hand over. After every step the invariants of Raft hold,
 * or an {@link AssertionError} says which does not.
 */
final class CoreNetwork {
  private static final long MILLI = 1_000_000;
  private static final int CHUNK = 7;

  /** What a seed draws; all probabilities are per event. */
  record Weather(
      double loss, double doubled, double reorder, double crash, double cut, double slowDisk,
      double reconfigure, double transfer, double snapshot, double lease, double linger,
      double loseDisk, int voters, int spares) {
    static Weather draw(RandomGenerator random) {
      return new Weather(
          random.nextBoolean() ? 0 : random.nextDouble() * 0.2,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.2,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.5,
          random.nextInt(3) == 0 ? 0 : random.nextDouble() * 0.006,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.01,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.5,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.01,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.01,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.01,
          random.nextBoolean() ? 0 : 0.5,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.1,
          random.nextBoolean() ? 0 : random.nextDouble() * 0.01,
          1 + random.nextInt(5),
          random.nextInt(3));
    }
  }

  private record Envelope(Member from, NodeId to, byte[] bytes, long dueNanos) {}

  private record Held(long barrier, NodeId to, Message message) {}

  private record File(SnapshotId id, SnapshotMark mark, byte[] bytes) {}

  /** A reader, and what it must see: everything acknowledged before it asked. */
  private record Reading(long floor) {}

  private final class Node {
    final NodeId id;
    final double rate;
    long birth = 1;
    /** What was on the disk that it has lost. */
    List<Effect.Persist> lost = List.of();
    File lostSnapshot;
    final List<Effect.Persist> durable = new ArrayList<>();
    final Deque<Effect.Persist> pending = new ArrayDeque<>();
    final Deque<Held> held = new ArrayDeque<>();
    final SortedMap<Long, Reading> asked = new TreeMap<>();
    final SortedMap<Long, List<Reading>> ready = new TreeMap<>();
    final SnapshotMark first;
    File snapshot;
    File incoming;
    ByteWriter received;
    RaftCore core;
    long appliedIndex;
    long appliedHash;
    long lastCommit;
    long nextRead;
    boolean stalled;
    final CoreOptions options;

    Node(NodeId id, Configuration initial) {
      this.id = id;
      this.rate = 0.98 + random.nextDouble() * 0.04;
      this.first = SnapshotMark.initial(initial);
      int priority = random.nextInt(4) == 0 ? 1 + random.nextInt(10) : 10;
      this.options = new CoreOptions(100 * MILLI, 20 * MILLI, 200, 600, 4000, priority);
    }

    Member member() {
      return new Member(id, birth);
    }

    /** Whether it has the entry on its disk, or had it on the one that it has lost since. */
    boolean holds(long counted, long index, long term) {
      return counted == 0 || counted == birth
          ? hasDurably(snapshot, durable, index, term)
          : hasDurably(lostSnapshot, lost, index, term);
    }

    /** Its directory is gone: it comes back with nothing, but its name. */
    void lose() {
      crash();
      lost = List.copyOf(durable);
      lostSnapshot = snapshot;
      durable.clear();
      snapshot = null;
      birth++;
    }

    long now() {
      return (long) (nowNanos * rate);
    }

    void start() {
      Replay replay = new Replay();
      durable.forEach(
          unit ->
              replay.take(
                  unit.term(),
                  unit.vote().orElse(null),
                  unit.reset().orElse(null),
                  unit.fromIndex(),
                  unit.entries()));
      SnapshotMark mark = snapshot == null ? first : snapshot.mark;
      RaftCore.Recovered recovered = replay.finish(mark, snapshot == null ? null : snapshot.id);
      if (replay.mustReset()) {
        durable.add(
            new Effect.Persist(
                0, replay.term(), Optional.ofNullable(replay.vote()), Optional.of(mark), 0,
                List.of()));
      }
      core = new RaftCore(member(), options, random, recovered, now());
      appliedIndex = mark.index();
      appliedHash = snapshot == null ? 0 : hashOf(snapshot.bytes);
      lastCommit = core.commitIndex();
      nextRead = 0;
    }

    void crash() {
      int kept = random.nextInt(pending.size() + 1);
      for (int i = 0; i < kept; i++) {
        durable.add(pending.pollFirst());
      }
      core = null;
      pending.clear();
      held.clear();
      asked.clear();
      ready.clear();
      received = null;
      stalled = false;
    }

    void step(Input input) {
      if (core == null) {
        return;
      }
      List<Effect> effects = core.step(input);
      effects.forEach(this::perform);
      release();
      check(this);
    }

    /** A disk that has finished its oldest units. */
    void sync() {
      if (pending.isEmpty() || core == null) {
        return;
      }
      int count = 1 + random.nextInt(pending.size());
      long number = 0;
      for (int i = 0; i < count; i++) {
        Effect.Persist unit = pending.pollFirst();
        durable.add(unit);
        number = unit.number();
      }
      storedNumber = number;
      step(new Input.Stored(number, now()));
    }

    long storedNumber;

    private void release() {
      long stored = pending.isEmpty() ? Long.MAX_VALUE : pending.peekFirst().number() - 1;
      while (!held.isEmpty() && held.peekFirst().barrier <= stored) {
        Held next = held.pollFirst();
        post(member(), next.to, next.message);
      }
    }

    private void perform(Effect effect) {
      if (effect instanceof Effect.Send e) {
        long stored = pending.isEmpty() ? Long.MAX_VALUE : pending.peekFirst().number() - 1;
        if (e.barrier() <= stored) {
          post(member(), e.to(), e.message());
        } else {
          held.addLast(new Held(e.barrier(), e.to(), e.message()));
        }
      } else if (effect instanceof Effect.Persist e) {
        pending.addLast(e);
      } else if (effect instanceof Effect.Apply e) {
        apply(e.firstIndex(), e.entries());
      } else if (effect instanceof Effect.ReadReady e) {
        Reading reading = asked.remove(e.id());
        if (reading != null) {
          ready.computeIfAbsent(e.index(), index -> new ArrayList<>()).add(reading);
          serveReaders();
        }
      } else if (effect instanceof Effect.ReadFailed e) {
        asked.remove(e.id());
      } else if (effect instanceof Effect.Became e) {
        if (e.role() == Role.LEADER) {
          elected(this, e.term());
        }
      } else if (effect instanceof Effect.SendChunk e) {
        sendChunk(e);
      } else if (effect instanceof Effect.StoreChunk e) {
        storeChunk(e);
      } else if (effect instanceof Effect.Restore e) {
        appliedIndex = e.mark().index();
        appliedHash = hashOf(snapshot.bytes);
        serveReaders();
      }
    }

    private void apply(long firstIndex, List<Entry> entries) {
      require(
          firstIndex == appliedIndex + 1,
          id + " applies " + firstIndex + " after " + appliedIndex);
      for (Entry entry : entries) {
        appliedIndex++;
        appliedHash = 31 * appliedHash + entry.term * 7 + new String(entry.payload()).hashCode();
        committed(this, appliedIndex, entry, appliedHash);
        if (core.role() == Role.LEADER
            && entry.kind == Entry.COMMAND
            && entry.term == core.term()) {
          acknowledged = Math.max(acknowledged, appliedIndex);
          writes++;
        }
      }
      serveReaders();
    }

    private void serveReaders() {
      while (!ready.isEmpty() && ready.firstKey() <= appliedIndex) {
        for (Reading reading : ready.remove(ready.firstKey())) {
          require(
              appliedIndex >= reading.floor,
              "stale read at " + id + ": state of " + appliedIndex
                  + ", acknowledged before it began " + reading.floor);
          reads++;
        }
      }
    }

    void takeSnapshot() {
      if (core == null || appliedIndex <= core.log().baseIndex()) {
        return;
      }
      SnapshotMark mark =
          core.log().markAt(appliedIndex, core.log().entry(appliedIndex).timeMillis);
      byte[] bytes = ("state " + appliedHash).getBytes();
      SnapshotId snapshotId = new SnapshotId(mark.index(), mark.term(), bytes.length, crc(bytes));
      snapshot = new File(snapshotId, mark, bytes);
      long compactTo = Math.max(0, appliedIndex - random.nextInt(5));
      step(new Input.SnapshotTaken(snapshotId, compactTo, now()));
    }

    private void sendChunk(Effect.SendChunk e) {
      if (snapshot == null || !snapshot.id.equals(e.id())) {
        return;
      }
      int from = (int) Math.min(e.offset(), snapshot.bytes.length);
      int to = Math.min(snapshot.bytes.length, from + CHUNK);
      byte[] part = java.util.Arrays.copyOfRange(snapshot.bytes, from, to);
      files.put(e.id(), snapshot);
      post(member(), e.to(), new Message.Chunk(e.term(), e.id(), from, part));
    }

    private void storeChunk(Effect.StoreChunk e) {
      if (e.offset() == 0) {
        received = new ByteWriter();
      }
      require(received != null && received.size() == e.offset(), "chunk at a wrong offset");
      received.bytes(e.bytes());
      long next = received.size();
      RaftCore alive = core;
      if (next < e.id().bytes()) {
        later(
            () -> {
              if (core == alive) {
                step(new Input.ChunkStored(e.id(), next, now()));
              }
            });
        return;
      }
      byte[] whole = received.toByteArray();
      later(
          () -> {
            if (core != alive) {
              return;
            }
            if (crc(whole) != e.id().crc()) {
              step(new Input.ChunkStored(e.id(), 0, now()));
              return;
            }
            File file = files.get(e.id());
            if (snapshot == null || snapshot.mark.index() < file.mark.index()) {
              snapshot = file;
            }
            step(new Input.SnapshotReceived(e.id(), file.mark, now()));
          });
    }
  }

  private final RandomGenerator random;
  final Weather weather;
  private final SortedMap<NodeId, Node> nodes = new TreeMap<>();
  private final List<Envelope> inFlight = new ArrayList<>();
  private final List<Envelope> lingering = new ArrayList<>();
  private final List<Runnable> deferred = new ArrayList<>();
  private final Map<SnapshotId, File> files = new HashMap<>();
  private final TreeSet<String> cuts = new TreeSet<>();
  private final Map<Long, NodeId> leaders = new HashMap<>();
  private final Map<Long, Entry> committed = new HashMap<>();
  private final Map<Long, Long> hashes = new HashMap<>();
  private long nowNanos = 1_000_000_000L;
  private long maxCommitted;
  private long acknowledged;
  private int commands;
  private boolean healed;
  long writes;
  long reads;
  int elections;
  int losses;

  CoreNetwork(RandomGenerator random) {
    this(random, Weather.draw(random));
  }

  CoreNetwork(RandomGenerator random, Weather weather) {
    this.random = random;
    this.weather = weather;
    List<NodeId> voters = new ArrayList<>();
    for (int i = 0; i < weather.voters; i++) {
      voters.add(NodeId.of("n" + i));
    }
    for (int i = 0; i < weather.voters + weather.spares; i++) {
      NodeId id = NodeId.of("n" + i);
      boolean voter = i < weather.voters;
      nodes.put(id, new Node(id, Configuration.of(voter ? voters : List.of())));
    }
    nodes.values().forEach(Node::start);
  }

  /** Runs {@code events} under the weather. */
  void storm(int events) {
    for (int i = 0; i < events; i++) {
      event();
    }
  }

  /** Heals everything and runs until all agree; fails if that takes too long. */
  void heal() {
    healed = true;
    cuts.clear();
    for (Node node : nodes.values()) {
      node.stalled = false;
      if (node.core == null) {
        node.start();
      }
    }
    long before = writes;
    for (int i = 0; i < 60_000; i++) {
      event();
      if (i % 50 == 0 && writes > before + 5 && allAgree()) {
        return;
      }
    }
    throw new AssertionError(
        "no progress after healing: writes " + (writes - before) + ", " + this);
  }

  private boolean allAgree() {
    Node leader = leader();
    if (leader == null || leader.core.log().configuration().isJoint()) {
      return false;
    }
    for (NodeId member : leader.core.log().configuration().members()) {
      if (nodes.get(member).core.commitIndex() + 20 < leader.core.commitIndex()) {
        return false;
      }
    }
    return true;
  }

  private Node leader() {
    Node leader = null;
    for (Node node : nodes.values()) {
      if (node.core != null
          && node.core.role() == Role.LEADER
          && (leader == null || node.core.term() > leader.core.term())) {
        leader = node;
      }
    }
    return leader;
  }

  private void event() {
    nowNanos += random.nextInt(1_000_000);
    if (!healed) {
      disturb();
    }
    switch (random.nextInt(8)) {
      case 0 -> ticks();
      case 1, 2 -> syncs();
      case 3 -> request();
      case 4 -> runDeferred();
      default -> deliver();
    }
  }

  private void disturb() {
    Node node = any();
    // What is not durable matters most while there is no leader.
    if (chance(leader() == null ? weather.crash * 10 : weather.crash)) {
      if (node.core == null) {
        node.start();
      } else {
        node.crash();
      }
    }
    if (chance(weather.crash * 30) && node.core == null) {
      node.start();
    }
    if (chance(weather.cut)) {
      String link = node.id + ">" + any().id;
      if (cuts.size() > 4 || !cuts.add(link)) {
        cuts.clear();
      }
    }
    if (chance(weather.cut / 3)) {
      cuts.clear();
      for (NodeId other : nodes.keySet()) {
        cuts.add(node.id + ">" + other);
        cuts.add(other + ">" + node.id);
      }
    }
    if (chance(0.01)) {
      node.stalled = chance(weather.slowDisk);
    }
    if (chance(weather.snapshot)) {
      node.takeSnapshot();
    }
    if (chance(weather.transfer)) {
      Optional<NodeId> target = random.nextBoolean() ? Optional.empty() : Optional.of(any().id);
      node.step(new Input.Transfer(target, node.now()));
    }
    if (chance(weather.loseDisk) && mayLose(node)) {
      node.lose();
      losses++;
    }
    if (chance(weather.reconfigure)) {
      Node leader = leader();
      // With a disk lost, fewer voters might be none at all.
      if (leader != null && allVote(leader.core.log().configuration())) {
        leader.step(new Input.Change(-1, drawConfiguration(), leader.now()));
      }
    }
  }

  /**
   * Whether the loss of {@code node}'s directory leaves a majority of disks: one at a time, and none
   * before the one before has been made up for, or while the voters change.
   */
  private boolean mayLose(Node node) {
    Node leader = leader();
    if (leader == null || node.core == null) {
      return false;
    }
    LogView log = leader.core.log();
    return allVote(log.configuration())
        && log.configuration().voters().size() > 2
        && !log.configuration().isJoint()
        && log.configurationIndex() <= maxCommitted;
  }

  /** Whether none of the voters has lost its directory since it was given its vote. */
  private boolean allVote(Configuration configuration) {
    return configuration.voters().stream()
        .allMatch(
            id -> configuration.births().getOrDefault(id, 0L) == nodes.get(id).birth);
  }

  private Configuration drawConfiguration() {
    List<NodeId> voters = new ArrayList<>();
    List<NodeId> learners = new ArrayList<>();
    for (NodeId id : nodes.keySet()) {
      int draw = random.nextInt(4);
      if (draw < 2) {
        voters.add(id);
      } else if (draw == 2) {
        learners.add(id);
      }
    }
    return Configuration.of(voters, learners);
  }

  private void ticks() {
    for (Node node : nodes.values()) {
      node.step(new Input.Tick(node.now()));
    }
  }

  private void syncs() {
    for (Node node : nodes.values()) {
      if (!node.stalled && random.nextInt(3) > 0) {
        node.sync();
      }
    }
  }

  private void request() {
    Node node = random.nextInt(3) == 0 ? any() : leader();
    if (node == null || node.core == null) {
      return;
    }
    if (random.nextInt(3) == 0) {
      long id = node.nextRead++;
      node.asked.put(id, new Reading(acknowledged));
      node.step(new Input.Read(id, chance(weather.lease), node.now()));
    } else {
      List<Proposal> batch = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        batch.add(Proposal.command(("command " + commands++).getBytes()));
      }
      node.step(new Input.Propose(batch, node.now()));
    }
  }

  /** Messages that dawdled join the others once they are due. */
  private void releaseLingering() {
    lingering.removeIf(
        envelope -> {
          boolean due = healed || nowNanos - envelope.dueNanos >= 0;
          if (due) {
            inFlight.add(envelope);
          }
          return due;
        });
  }

  private void deliver() {
    releaseLingering();
    for (int i = 1 + random.nextInt(3); i > 0 && !inFlight.isEmpty(); i--) {
      boolean shuffled = !healed && chance(weather.reorder);
      int at = shuffled ? random.nextInt(inFlight.size()) : 0;
      boolean again = !healed && chance(weather.doubled);
      Envelope envelope = again ? inFlight.get(at) : inFlight.remove(at);
      if (!healed
          && (chance(weather.loss) || cuts.contains(envelope.from.id() + ">" + envelope.to))) {
        inFlight.remove(envelope);
        continue;
      }
      Node to = nodes.get(envelope.to);
      Message message = MessageCodec.INSTANCE.decode(envelope.bytes);
      to.step(new Input.Receive(envelope.from, message, to.now()));
    }
  }

  private void runDeferred() {
    if (!deferred.isEmpty()) {
      deferred.remove(random.nextInt(deferred.size())).run();
    }
  }

  private void later(Runnable task) {
    deferred.add(task);
  }

  private void post(Member from, NodeId to, Message message) {
    byte[] bytes = MessageCodec.INSTANCE.encode(message);
    if (!healed && chance(weather.linger)) {
      long dueNanos = nowNanos + random.nextInt(400) * MILLI;
      lingering.add(new Envelope(from, to, bytes, dueNanos));
    } else {
      inFlight.add(new Envelope(from, to, bytes, nowNanos));
    }
  }

  private Node any() {
    return List.copyOf(nodes.values()).get(random.nextInt(nodes.size()));
  }

  private boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /** Election safety; leader completeness. */
  private void elected(Node node, long term) {
    elections++;
    NodeId other = leaders.putIfAbsent(term, node.id);
    require(
        other == null || other.equals(node.id),
        "two leaders in term " + term + ": " + other + " and " + node.id);
    LogView log = node.core.log();
    for (long i = Math.max(log.baseIndex() + 1, maxCommitted - 200); i <= maxCommitted; i++) {
      require(
          i <= log.lastIndex() && log.termAt(i) == committed.get(i).term,
          "leader " + node.id + " of term " + term + " lacks the committed entry " + i);
    }
  }

  /** State-machine safety. */
  private void committed(Node node, long index, Entry entry, long hash) {
    Entry known = committed.putIfAbsent(index, entry);
    Long knownHash = hashes.putIfAbsent(index, hash);
    require(
        known == null || known.term == entry.term,
        node.id + " applies another entry at " + index);
    require(knownHash == null || knownHash == hash, node.id + " has another state at " + index);
    maxCommitted = Math.max(maxCommitted, index);
  }

  /** Monotonic commit; log matching, against what is committed and against a random neighbour. */
  private void check(Node node) {
    require(
        node.core.commitIndex() >= node.lastCommit,
        "commit index of " + node.id + " went back");
    node.lastCommit = node.core.commitIndex();
    if (random.nextInt(20) != 0) {
      return;
    }
    Node other = any();
    if (other.core == null || other == node) {
      return;
    }
    LogView a = node.core.log();
    LogView b = other.core.log();
    boolean agreed = false;
    for (long i = Math.min(a.lastIndex(), b.lastIndex());
        i > Math.max(a.baseIndex(), b.baseIndex()); i--) {
      boolean same = a.termAt(i) == b.termAt(i);
      require(same || !agreed, "logs of " + node.id + " and " + other.id + " part at " + i);
      require(
          !same || java.util.Arrays.equals(a.entry(i).payload(), b.entry(i).payload()),
          "logs of " + node.id + " and " + other.id + " differ at " + i);
      agreed |= same;
    }
    // What was said to be durable is: every committed entry is on the disks of a majority.
    if (random.nextInt(10) == 0) {
      Node leader = leader();
      if (leader != null && leader.core.commitIndex() > leader.core.log().baseIndex()) {
        checkDurable(leader);
      }
    }
  }

  private void checkDurable(Node leader) {
    long index = leader.core.commitIndex();
    long term = leader.core.log().termAt(index);
    if (leader.core.log().configurationIndex() > index) {
      return;
    }
    require(
        leader
            .core
            .log()
            .configuration()
            .majority((id, birth) -> nodes.get(id).holds(birth, index, term)),
        "the committed entry " + index + " is not on the disks of a majority");
  }

  private static boolean hasDurably(
      File snapshot, List<Effect.Persist> units, long index, long term) {
    if (snapshot != null && snapshot.mark.index() >= index) {
      return true;
    }
    long found = -1;
    for (Effect.Persist unit : units) {
      if (unit.reset().isPresent()) {
        found = unit.reset().get().index() >= index ? term : -1;
      }
      if (unit.fromIndex() > 0 && unit.fromIndex() <= index) {
        int at = (int) (index - unit.fromIndex());
        found = at < unit.entries().size() ? unit.entries().get(at).term : -1;
      }
    }
    return found == term;
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new AssertionError(problem);
    }
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static long hashOf(byte[] state) {
    return Long.parseLong(new String(state).substring("state ".length()));
  }

  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(weather.toString());
    for (Node node : nodes.values()) {
      out.append('\n').append(node.id);
      if (node.core != null) {
        LogView log = node.core.log();
        out.append(' ').append(node.core.role()).append(" term ").append(node.core.term());
        out.append(" leader ").append(node.core.leader()).append(" log ").append(log.baseIndex());
        out.append("..").append(log.lastIndex()).append(" commit ").append(node.core.commitIndex());
        out.append(' ').append(log.configuration());
      }
    }
    return out.toString();
  }
}
