package io.quorate.core.membership;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * What one member believes of all, and what it still has to tell. Decides which rumor beats which:
 *
 * <ul>
 *   <li>ALIVE replaces anything of a lower incarnation, and nothing else;
 *   <li>SUSPECT replaces ALIVE of the same or a lower incarnation;
 *   <li>DEAD and LEFT replace ALIVE and SUSPECT of the same or a lower incarnation.
 * </ul>
 *
 * <p>So a member that is dead or gone comes back only by its own word, under a higher incarnation.
 */
final class Roster {
  /** More would not be a cluster that gossips, but somebody inventing members. */
  private static final int MAX_MEMBERS = 10_000;

  /** In smaller clusters rumors are quick, and members stall for as long as in large ones. */
  private static final int SMALLEST_FOR_SUSPICION = 100;

  /** A change of the view, not told to the user yet. */
  record Change(MembershipEvent.Kind kind, Member member) {}

  private static final class Entry extends Crowd.One {
    Member member;
    Suspicion suspicion;
    long sinceNanos;

    Entry(Member member, long nowNanos) {
      this.member = member;
      this.sinceNanos = nowNanos;
    }
  }

  private final MembershipOptions.Timing timing;
  private final Lifeguard lifeguard;
  private final LocalHealth health;
  private final TreeMap<NodeId, Entry> others = new TreeMap<>();
  /** The present others. */
  private final Crowd<Entry> present = new Crowd<>();
  private final TreeMap<NodeId, Entry> suspects = new TreeMap<>();
  private final RumorQueue rumors = new RumorQueue();
  private final List<Change> changes = new ArrayList<>();
  private Member self;
  private boolean announced;
  private long anticipatedNanos;

  Roster(
      Member self, MembershipOptions.Timing timing, Lifeguard lifeguard, LocalHealth health) {
    this.self = self;
    this.lifeguard = lifeguard;
    this.timing = timing;
    this.health = health;
  }

  Member self() {
    return self;
  }

  /** Members that are present, this one among them. */
  int size() {
    return present.size() + 1;
  }

  SortedMap<NodeId, Member> members() {
    TreeMap<NodeId, Member> members = new TreeMap<>();
    others.forEach((id, entry) -> members.put(id, entry.member));
    members.put(self.id(), self);
    return Collections.unmodifiableSortedMap(members);
  }

  Optional<Member> other(NodeId id) {
    return Optional.ofNullable(others.get(id)).map(entry -> entry.member);
  }

  List<Change> takeChanges() {
    List<Change> taken = List.copyOf(changes);
    changes.clear();
    return taken;
  }

  // What this member says of itself.

  /** From now on others may know of us. */
  void announce(long nowNanos) {
    announced = true;
    anticipatedNanos = nowNanos;
    rumors.add(Rumor.alive(self));
  }

  void renewSelf(SortedMap<String, String> metadata) {
    renewSelf(
        new Member(
            self.id(),
            self.address(),
            self.incarnation() + 1,
            self.boot(),
            self.state(),
            metadata));
    changes.add(new Change(MembershipEvent.Kind.UPDATED, self));
  }

  /** Takes an incarnation above {@code incarnation}, so that what was said with it is void. */
  void supersede(long incarnation) {
    if (incarnation >= self.incarnation() && incarnation < Member.MAX_INCARNATION) {
      renewSelf(self.with(incarnation + 1, self.state()));
    }
  }

  /**
   * This member has been slow, so that others may suspect it: refutes that without having heard it,
   * unless it has just done so.
   */
  void anticipate(long nowNanos) {
    long sinceNanos = nowNanos - anticipatedNanos;
    if (lifeguard.anticipating()
        && announced
        && self.state() != MemberState.LEFT
        && sinceNanos >= 2 * timing.gossipInterval().toNanos()) {
      anticipatedNanos = nowNanos;
      supersede(self.incarnation());
    }
  }

  void sayGoodbye() {
    self = self.with(MemberState.LEFT);
    rumors.add(new Rumor(self, self.id()));
  }

  private void renewSelf(Member renewed) {
    self = renewed;
    if (announced) {
      rumors.add(Rumor.alive(self));
    }
  }

  // What is heard.

  /**
   * Weighs one rumor.
   *
   * @return another process under our own name, if that is what the rumor tells of
   */
  Optional<Member> hear(Rumor rumor, long nowNanos) {
    Member heard = rumor.member();
    if (heard.id().equals(self.id())) {
      return hearOfSelf(heard, nowNanos);
    }
    switch (heard.state()) {
      case ALIVE -> hearAlive(rumor, nowNanos);
      case SUSPECT -> hearSuspect(heard, rumor.accuser(), nowNanos);
      case DEAD -> hearGone(rumor, MembershipEvent.Kind.DIED, nowNanos);
      case LEFT -> hearGone(rumor, MembershipEvent.Kind.LEFT, nowNanos);
      default -> throw new AssertionError("unhandled state " + heard.state());
    }
    return Optional.empty();
  }

  private Optional<Member> hearOfSelf(Member heard, long nowNanos) {
    if (self.state() == MemberState.LEFT) {
      return Optional.empty();
    }
    if (heard.incarnation() < self.incarnation()) {
      if (heard.state() != MemberState.ALIVE) {
        // Whoever says so has missed our answer, and is given it once more; or we are slow, and
        // behind this old word there waits a newer one.
        renewSelf(self);
        anticipate(nowNanos);
      }
      return Optional.empty();
    }
    if (heard.state() == MemberState.ALIVE) {
      return heard.boot() == self.boot() ? Optional.empty() : Optional.of(heard);
    }
    if (heard.boot() == self.boot()) {
      // Healthy members are not suspected: we must have been slow.
      health.worse(1);
    }
    supersede(heard.incarnation());
    return Optional.empty();
  }

  private void hearAlive(Rumor rumor, long nowNanos) {
    Member heard = rumor.member();
    Entry entry = others.get(heard.id());
    if (entry == null) {
      if (others.size() < MAX_MEMBERS) {
        Entry added = new Entry(heard, nowNanos);
        others.put(heard.id(), added);
        present.add(added);
        rumors.add(rumor);
        changes.add(new Change(MembershipEvent.Kind.JOINED, heard));
      }
      return;
    }
    Member known = entry.member;
    if (heard.incarnation() <= known.incarnation()) {
      if (!known.state().isPresent()) {
        // Somebody has missed the news: tell it again.
        rumors.add(new Rumor(known, self.id()));
      }
      return;
    }
    entry.member = heard;
    acquit(entry);
    entry.sinceNanos = nowNanos;
    rumors.add(rumor);
    if (!known.state().isPresent()) {
      present.add(entry);
      changes.add(new Change(MembershipEvent.Kind.JOINED, heard));
    } else if (known.boot() != heard.boot()) {
      changes.add(new Change(MembershipEvent.Kind.JOINED, heard));
    } else if (known.state() == MemberState.SUSPECT) {
      changes.add(new Change(MembershipEvent.Kind.REFUTED, heard));
    } else if (!known.metadata().equals(heard.metadata())
        || !known.address().equals(heard.address())) {
      changes.add(new Change(MembershipEvent.Kind.UPDATED, heard));
    }
  }

  /** {@code accuser} says that {@code heard}'s incarnation does not answer. */
  void hearSuspect(Member heard, NodeId accuser, long nowNanos) {
    Entry entry = others.get(heard.id());
    if (entry == null
        || !entry.member.state().isPresent()
        || heard.incarnation() < entry.member.incarnation()) {
      return;
    }
    // Of a higher incarnation it has refuted meanwhile, and has its time to refute anew.
    boolean again =
        entry.member.state() == MemberState.SUSPECT
            && heard.incarnation() == entry.member.incarnation();
    if (again) {
      if (entry.suspicion.confirm(accuser)) {
        rumors.add(new Rumor(entry.member, accuser));
      }
      return;
    }
    boolean wasSuspect = entry.member.state() == MemberState.SUSPECT;
    entry.member = entry.member.with(heard.incarnation(), MemberState.SUSPECT);
    entry.suspicion = suspicion(accuser, nowNanos);
    suspects.put(heard.id(), entry);
    entry.sinceNanos = nowNanos;
    rumors.add(new Rumor(entry.member, accuser));
    if (!wasSuspect) {
      changes.add(new Change(MembershipEvent.Kind.SUSPECTED, entry.member));
    }
  }

  private void hearGone(Rumor rumor, MembershipEvent.Kind kind, long nowNanos) {
    Member heard = rumor.member();
    Entry entry = others.get(heard.id());
    if (entry == null
        || entry.member.state() == heard.state()
        || entry.member.state() == MemberState.LEFT
        || heard.incarnation() < entry.member.incarnation()) {
      return;
    }
    boolean wasPresent = entry.member.state().isPresent();
    entry.member = entry.member.with(heard.incarnation(), heard.state());
    acquit(entry);
    entry.sinceNanos = nowNanos;
    rumors.add(new Rumor(entry.member, rumor.accuser()));
    if (wasPresent) {
      present.remove(entry);
      changes.add(new Change(kind, entry.member));
    }
  }

  private void acquit(Entry entry) {
    entry.suspicion = null;
    suspects.remove(entry.member.id());
  }

  private Suspicion suspicion(NodeId accuser, long nowNanos) {
    double scale = Math.log10(Math.max(SMALLEST_FOR_SUSPICION, size()));
    long minNanos =
        (long) (timing.suspicionMultiplier() * scale * timing.probeInterval().toNanos());
    int wanted = Math.max(1, timing.suspicionMultiplier() - 2);
    // The suspect and this member cannot confirm; with nobody else left nothing is worth a wait.
    int possible = Math.min(wanted, Math.max(0, size() - 2));
    long maxNanos = minNanos * lifeguard.suspicionStretch();
    return new Suspicion(accuser, nowNanos, minNanos, maxNanos, possible);
  }

  // What time does.

  /** Declares dead who has not refuted in time. */
  void expire(long nowNanos) {
    List<Member> dead =
        suspects.values().stream()
            .filter(entry -> nowNanos - entry.suspicion.deadlineNanos() >= 0)
            .map(entry -> entry.member.with(MemberState.DEAD))
            .toList();
    dead.forEach(
        member -> hearGone(new Rumor(member, self.id()), MembershipEvent.Kind.DIED, nowNanos));
  }

  /** Forgets who has been gone for long. */
  void forget(long nowNanos) {
    others
        .values()
        .removeIf(
            entry ->
                !entry.member.state().isPresent()
                    && nowNanos - entry.sinceNanos >= timing.forgetAfter().toNanos());
  }

  boolean hasSuspects() {
    return !suspects.isEmpty();
  }

  List<Member> suspects() {
    return suspects.values().stream().map(entry -> entry.member).toList();
  }

  /** The earliest moment at which a suspicion ends. */
  Optional<Long> expiryDueNanos(long nowNanos) {
    return suspects.values().stream()
        .map(entry -> entry.suspicion.deadlineNanos())
        .min((a, b) -> Long.compare(a - nowNanos, b - nowNanos));
  }

  /** This member was stalled for {@code nanos}: refutations may be waiting unread. */
  void forgive(long nanos) {
    suspects.values().forEach(entry -> entry.suspicion.extend(nanos));
  }

  // What is told, and to whom.

  boolean hasRumors() {
    return !rumors.isEmpty();
  }

  /** Rumors for one datagram; if {@code about} is suspected or dead, it learns so first of all. */
  List<Rumor> takeRumors(int maxBytes, Optional<NodeId> about) {
    Optional<Rumor> accusation =
        about
            .flatMap(this::other)
            .filter(
                member ->
                    member.state() == MemberState.SUSPECT || member.state() == MemberState.DEAD)
            .map(member -> new Rumor(member, self.id()));
    int taken = accusation.map(Rumor::size).orElse(0);
    List<Rumor> all = new ArrayList<>(accusation.stream().toList());
    all.addAll(rumors.take(size(), maxBytes - taken));
    return all;
  }

  /**
   * Stands for the present members and what they say of themselves; equal at two nodes that need
   * not tell each other anything. A suspicion makes no difference, since it ends by itself.
   */
  long digest() {
    long digest = announced ? digest(self) : 0;
    for (Entry entry : others.values()) {
      if (entry.member.state().isPresent()) {
        digest += digest(entry.member);
      }
    }
    return digest;
  }

  private static long digest(Member member) {
    long hash = member.boot() * 31 + member.incarnation();
    String id = member.id().value();
    for (int i = 0; i < id.length(); i++) {
      hash = hash * 31 + id.charAt(i);
    }
    // The finalizer of SplitMix64: what differs in one bit must differ in half of them, for sums.
    hash = (hash ^ hash >>> 30) * 0xbf58476d1ce4e5b9L;
    hash = (hash ^ hash >>> 27) * 0x94d049bb133111ebL;
    return hash ^ hash >>> 31;
  }

  /** All that is known, this member first. */
  List<Rumor> allRumors() {
    List<Rumor> all = new ArrayList<>();
    if (announced || self.state() == MemberState.LEFT) {
      all.add(new Rumor(self, self.id()));
    }
    others.values().forEach(entry -> all.addAll(about(entry.member)));
    return all;
  }

  /**
   * Who it is, for a node that has never heard of {@code member}, then its state. Of the dead and
   * gone the state alone, which means nothing to such a node: told around by those who were told
   * later than others, they would never be forgotten.
   */
  private List<Rumor> about(Member member) {
    Rumor state = new Rumor(member, self.id());
    return switch (member.state()) {
      case ALIVE -> List.of(Rumor.alive(member));
      case SUSPECT -> List.of(Rumor.alive(member), state);
      case DEAD, LEFT -> List.of(state);
    };
  }

  /** Up to {@code count} distinct present members other than this one and {@code except}. */
  List<Member> randomPresent(int count, Optional<NodeId> except, RandomGenerator random) {
    return present
        .draw(count, entry -> !except.equals(Optional.of(entry.member.id())), random)
        .stream()
        .map(entry -> entry.member)
        .toList();
  }

  Optional<Member> randomDead(RandomGenerator random) {
    List<Member> dead =
        others.values().stream()
            .map(entry -> entry.member)
            .filter(member -> member.state() == MemberState.DEAD)
            .toList();
    return dead.isEmpty() ? Optional.empty() : Optional.of(dead.get(random.nextInt(dead.size())));
  }
}
