package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.random.RandomGenerator;

/**
 * SWIM with Lifeguard, as a pure state machine: what one member says and believes. Its owner calls
 * {@link #step} from one event loop, with a {@link Tick} at {@link #dueNanos} at the latest.
 *
 * <p>Every probe interval one member is pinged; if it is silent, some others are asked to ping it;
 * if they hear nothing either, it is suspected, and unless it refutes in time, dead. What is
 * learned rides on these messages and on rounds of gossip. Lifeguard's additions keep a slow member
 * from accusing healthy ones: it probes more patiently the worse its own health looks ({@link
 * LocalHealth}), suspicions start long and shrink with independent confirmations ({@link
 * Suspicion}), and a suspect is told so with the next ping to it.
 *
 * <p>Beyond the papers: a silent member is asked more than once before it is suspected, and again
 * and again while it is; time in which this member itself was stalled is not held against others,
 * and it refutes what it may be suspected of before it hears so, since that waits behind all that
 * has arrived meanwhile; the dead are greeted now and then, so that the halves of a healed
 * partition find each other; and a newcomer whose name is taken by a member that answers elsewhere
 * gives up.
 *
 * @see <a href="https://www.cs.cornell.edu/projects/Quicksilver/public_pdfs/SWIM.pdf">SWIM, Das et
 *     al. 2002</a>
 * @see <a href="https://arxiv.org/abs/1707.00788">Lifeguard, Dadgar et al. 2017</a>
 */
final class SwimCore {
  /** Something happened. */
  sealed interface Input {}

  /** Time has passed. */
  record Tick(long nowNanos) implements Input {}

  /** A datagram arrived that was sealed as it must be. */
  record Received(Address from, Datagram datagram, long nowNanos) implements Input {}

  /** The user wants the cluster to know this of us. */
  record SetMetadata(SortedMap<String, String> metadata) implements Input {}

  /** The user wants to leave. */
  record Leave(long nowNanos) implements Input {}

  /** Something is to be done. */
  sealed interface Effect {}

  /** Send, if there is room. */
  record Send(Address to, Datagram datagram) implements Effect {}

  /** The view has changed. */
  record Changed(MembershipEvent.Kind kind, Member member) implements Effect {}

  /** A seed has answered, or there is none: this node is in. */
  record Joined() implements Effect {}

  /** Good-bye has been said often enough. */
  record Departed() implements Effect {}

  /** Another live node has our name; this one has stopped taking part. */
  record NameTaken(Address by) implements Effect {}

  private enum Phase {
    JOINING,
    CHECKING_NAME,
    IN,
    LEAVING,
    OUT
  }

  private static final int GOODBYE_ROUNDS = 4;

  private final Roster roster;
  private final Prober prober;
  private final List<Address> seeds;
  private final DatagramCodec codec;
  private final MembershipOptions.Timing timing;
  private final Lifeguard lifeguard;
  private final RandomGenerator random;
  private final List<Effect> effects = new ArrayList<>();

  private Phase phase;
  private long gossipDueNanos;
  private long syncDueNanos;
  private long greetDueNanos;
  private long joinDueNanos;
  private long lastTickNanos;
  private long tickDueNanos;
  private int goodbyesLeft;
  /** Another process with our name that is being asked whether it is alive. */
  private Optional<Member> rival = Optional.empty();
  private long rivalDeadlineNanos;
  private long rivalAskDueNanos;
  /** What the rival must answer with, so that a recorded answer proves nothing. */
  private long rivalQuestion;

  /** A node that has not spoken yet; a {@link Tick} makes it begin. */
  SwimCore(
      Member self,
      List<Address> seeds,
      MembershipOptions.Timing timing,
      Lifeguard lifeguard,
      DatagramCodec codec,
      RandomGenerator random,
      long nowNanos) {
    LocalHealth health = new LocalHealth(lifeguard.worstHealth());
    this.lifeguard = lifeguard;
    this.roster = new Roster(self, timing, lifeguard, health);
    this.prober = new Prober(roster, timing, lifeguard, health, random, nowNanos);
    this.seeds = seeds.stream().filter(seed -> !seed.equals(self.address())).toList();
    this.codec = codec;
    this.timing = timing;
    this.random = random;
    this.phase = this.seeds.isEmpty() ? Phase.IN : Phase.JOINING;
    this.joinDueNanos = nowNanos;
    this.gossipDueNanos = nowNanos;
    this.syncDueNanos = nowNanos + timing.syncInterval().toNanos();
    this.greetDueNanos = nowNanos + greetNanos();
    this.lastTickNanos = nowNanos;
    this.tickDueNanos = nowNanos;
    if (this.seeds.isEmpty()) {
      roster.announce(nowNanos);
      effects.add(new Joined());
    }
  }

  List<Effect> step(Input input) {
    if (input instanceof Tick tick) {
      tick(tick.nowNanos());
    } else if (input instanceof Received received) {
      if (isStalled(received.nowNanos())) {
        // The tick that is overdue may stand behind much that has arrived: now is its time.
        tick(received.nowNanos());
      }
      receive(received);
    } else if (input instanceof SetMetadata set) {
      roster.renewSelf(set.metadata());
    } else if (input instanceof Leave leave) {
      leave(leave.nowNanos());
    } else {
      throw new AssertionError("unhandled input " + input);
    }
    for (Roster.Change change : roster.takeChanges()) {
      effects.add(new Changed(change.kind(), change.member()));
    }
    tickDueNanos = due();
    List<Effect> out = List.copyOf(effects);
    effects.clear();
    return out;
  }

  /** When the next {@link Tick} is to come. */
  long dueNanos() {
    return tickDueNanos;
  }

  Member self() {
    return roster.self();
  }

  SortedMap<NodeId, Member> members() {
    return roster.members();
  }

  int healthScore() {
    return prober.healthScore();
  }

  private long due() {
    if (phase == Phase.OUT) {
      return lastTickNanos + timing.syncInterval().toNanos();
    }
    long due = gossipDueNanos;
    if (phase == Phase.JOINING) {
      due = earlier(due, joinDueNanos);
    }
    if (rival.isPresent()) {
      due = earlier(due, earlier(rivalAskDueNanos, rivalDeadlineNanos));
    }
    if (phase != Phase.IN) {
      return due;
    }
    long nextDue =
        earlier(earlier(due, syncDueNanos), earlier(greetDueNanos, prober.dueNanos()));
    return roster
        .expiryDueNanos(lastTickNanos)
        .map(expiry -> earlier(nextDue, expiry))
        .orElse(nextDue);
  }

  private void tick(long nowNanos) {
    if (phase == Phase.OUT) {
      lastTickNanos = nowNanos;
      return;
    }
    noticeStall(nowNanos);
    lastTickNanos = nowNanos;
    join(nowNanos);
    judgeRival(nowNanos);
    if (phase == Phase.IN) {
      prober.tick(nowNanos).forEach(out -> say(out.to(), out.message(), out.about()));
      roster.expire(nowNanos);
      sync(nowNanos);
      greetTheDead(nowNanos);
    }
    gossip(nowNanos);
  }

  /**
   * If this loop came late, what others could not tell us meanwhile is not held against them, and
   * that they may suspect us is refuted before we have worked our way through to hearing it.
   */
  private void noticeStall(long nowNanos) {
    if (!isStalled(nowNanos)) {
      return;
    }
    long late = nowNanos - tickDueNanos;
    if (lifeguard.forgiving()) {
      prober.forgive(late);
      roster.forgive(late);
      rivalDeadlineNanos += late;
    }
    roster.anticipate(nowNanos);
  }

  private boolean isStalled(long nowNanos) {
    return nowNanos - tickDueNanos > timing.probeTimeout().toNanos();
  }

  // Joining asks without telling, so that a taken name is noticed before anything is claimed.
  private void join(long nowNanos) {
    if (phase == Phase.JOINING && nowNanos - joinDueNanos >= 0) {
      joinDueNanos = nowNanos + timing.probeInterval().toNanos();
      for (Address seed : seeds) {
        effects.add(new Send(seed, datagram(new Message.SyncRequest(roster.digest()), List.of())));
      }
    }
  }

  private void judgeRival(long nowNanos) {
    if (rival.isPresent() && nowNanos - rivalDeadlineNanos >= 0) {
      roster.supersede(rival.get().incarnation());
      rival = Optional.empty();
      enter(nowNanos);
    }
    askRival(nowNanos);
  }

  private void enter(long nowNanos) {
    if (phase == Phase.JOINING || phase == Phase.CHECKING_NAME) {
      phase = Phase.IN;
      roster.announce(nowNanos);
      effects.add(new Joined());
      // Tell the seeds all at once rather than by gossip alone.
      seeds.forEach(seed -> say(seed, new Message.Gossip(), Optional.empty()));
    }
  }

  private void receive(Received received) {
    Datagram datagram = received.datagram();
    if (phase == Phase.OUT) {
      return;
    }
    if (datagram.from().equals(roster.self().id())) {
      receiveFromNamesake(received);
      return;
    }
    long now = received.nowNanos();
    List<Member> rivals = new ArrayList<>();
    for (Rumor rumor : datagram.rumors()) {
      roster.hear(rumor, now).ifPresent(rivals::add);
    }
    rivals.stream().findFirst().ifPresent(member -> meetRival(member, now));
    Message message = datagram.message();
    if (message instanceof Message.SyncReply && phase == Phase.JOINING && rival.isEmpty()) {
      enter(now);
    } else if (message instanceof Message.SyncRequest request) {
      reply(received.from(), request.digest());
    } else if (phase == Phase.IN || phase == Phase.LEAVING) {
      prober
          .receive(received.from(), datagram.from(), message, now)
          .forEach(out -> say(out.to(), out.message(), out.about()));
    }
  }

  /** Our own echo, or the answer of another process under our name. */
  private void receiveFromNamesake(Received received) {
    Datagram datagram = received.datagram();
    if (datagram.boot() == roster.self().boot()) {
      return;
    }
    boolean answer =
        datagram.message() instanceof Message.Ack ack && ack.sequence() == rivalQuestion;
    if (rival.isPresent() && rival.get().boot() == datagram.boot() && answer) {
      boolean weWereFirst = phase == Phase.IN && roster.self().boot() < datagram.boot();
      if (weWereFirst) {
        roster.supersede(rival.get().incarnation());
        rival = Optional.empty();
      } else {
        phase = Phase.OUT;
        effects.add(new NameTaken(received.from()));
      }
    } else if (datagram.message() instanceof Message.Ping ping
        && ping.target().equals(roster.self().id())) {
      // A newcomer asks whether its name is taken. It is.
      say(received.from(), new Message.Ack(ping.sequence()), Optional.empty());
    }
  }

  private void meetRival(Member other, long nowNanos) {
    if (other.address().equals(roster.self().address())) {
      // Who receives at our address but us? That was an earlier start of this node.
      roster.supersede(other.incarnation());
      return;
    }
    if (rival.isPresent()) {
      return;
    }
    rival = Optional.of(other);
    rivalDeadlineNanos = nowNanos + timing.probeInterval().toNanos();
    if (phase == Phase.JOINING) {
      phase = Phase.CHECKING_NAME;
    }
    rivalQuestion = random.nextLong() >>> 24;
    rivalAskDueNanos = nowNanos;
    askRival(nowNanos);
  }

  /** Asks more than once, since datagrams get lost. */
  private void askRival(long nowNanos) {
    if (rival.isPresent() && nowNanos - rivalAskDueNanos >= 0) {
      rivalAskDueNanos = nowNanos + timing.probeInterval().toNanos() / 4;
      Message question = new Message.Ping(rivalQuestion, rival.get().id());
      effects.add(new Send(rival.get().address(), datagram(question, List.of())));
    }
  }

  private void reply(Address to, long digest) {
    Message reply = new Message.SyncReply();
    if (digest == roster.digest()) {
      // The same members: in a cluster at rest a full exchange costs no more than a ping.
      effects.add(new Send(to, datagram(reply, List.of())));
      return;
    }
    int room = codec.room(roster.self().id(), roster.self().boot(), reply);
    List<Rumor> part = new ArrayList<>();
    int left = room;
    for (Rumor rumor : roster.allRumors()) {
      int size = rumor.size();
      if (size > left) {
        effects.add(new Send(to, datagram(reply, part)));
        part.clear();
        left = room;
      }
      part.add(rumor);
      left -= size;
    }
    effects.add(new Send(to, datagram(reply, part)));
  }

  /** Asks one random member for all it knows that we do not. */
  private void sync(long nowNanos) {
    if (nowNanos - syncDueNanos < 0) {
      return;
    }
    // In larger clusters each exchange may be larger: make them rarer.
    int doublings = Math.max(0, 32 - Integer.numberOfLeadingZeros(roster.size() / 32));
    syncDueNanos = nowNanos + timing.syncInterval().toNanos() * (1 + doublings);
    roster.randomPresent(1, Optional.empty(), random).forEach(member -> askForAll(member));
  }

  private void greetTheDead(long nowNanos) {
    if (nowNanos - greetDueNanos < 0) {
      return;
    }
    greetDueNanos = nowNanos + greetNanos();
    roster.forget(nowNanos);
    roster.randomDead(random).ifPresent(this::askForAll);
  }

  private void askForAll(Member member) {
    Message request = new Message.SyncRequest(roster.digest());
    List<Rumor> aboutBoth =
        List.of(Rumor.alive(roster.self()), new Rumor(member, roster.self().id()));
    effects.add(new Send(member.address(), datagram(request, aboutBoth)));
  }

  private void gossip(long nowNanos) {
    if (nowNanos - gossipDueNanos < 0) {
      return;
    }
    gossipDueNanos = nowNanos + timing.gossipInterval().toNanos();
    if (phase == Phase.LEAVING) {
      if (goodbyesLeft == 0) {
        phase = Phase.OUT;
        effects.add(new Departed());
        return;
      }
      goodbyesLeft--;
    }
    if (roster.hasRumors()) {
      roster
          .randomPresent(timing.gossipFanout(), Optional.empty(), random)
          .forEach(member -> say(member.address(), new Message.Gossip(), Optional.empty()));
    }
  }

  private void leave(long nowNanos) {
    if (phase == Phase.LEAVING || phase == Phase.OUT) {
      return;
    }
    boolean wasIn = phase == Phase.IN;
    phase = Phase.LEAVING;
    goodbyesLeft = wasIn ? GOODBYE_ROUNDS : 0;
    gossipDueNanos = nowNanos;
    roster.sayGoodbye();
  }

  /** Sends {@code message} with as many rumors as fit, the one about {@code about} first. */
  private void say(Address to, Message message, Optional<NodeId> about) {
    int room = codec.room(roster.self().id(), roster.self().boot(), message);
    effects.add(new Send(to, datagram(message, roster.takeRumors(room, about))));
  }

  private Datagram datagram(Message message, List<Rumor> rumors) {
    return new Datagram(roster.self().id(), roster.self().boot(), message, rumors);
  }

  private long greetNanos() {
    // All others greet the same dead: in large clusters each does so more rarely.
    return timing.probeInterval().toNanos() * 10 * (1 + roster.size() / 50);
  }

  private static long earlier(long a, long b) {
    return a - b < 0 ? a : b;
  }
}
