package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Asks one member after the other whether it is there, and answers when asked. Members are taken in
 * rounds of random order, so that each is asked within a bounded time.
 *
 * @see <a href="https://www.cs.cornell.edu/projects/Quicksilver/public_pdfs/SWIM.pdf">SWIM,
 *     sections 3.1 and 4.3</a>
 */
final class Prober {
  /** A message to send; if it is for a suspect, the suspect is to learn of the suspicion. */
  record Out(Address to, Message message, Optional<NodeId> about) {}

  /** The probe under way. */
  private static final class Probe {
    final Member target;
    final long sequence;
    final long stepNanos;
    long dueNanos;
    int step;
    List<Member> helpers = List.of();
    int nacks;
    boolean answered;

    Probe(Member target, long sequence, long nowNanos, long stepNanos) {
      this.target = target;
      this.sequence = sequence;
      this.stepNanos = stepNanos;
      this.dueNanos = nowNanos + stepNanos;
    }
  }

  /** A probe on behalf of another member. */
  private record Errand(Address client, long clientSequence, long nackNanos, boolean nacked) {}

  /** Parts of a probe interval; at the end of each but the last the question is asked again. */
  private static final int STEPS = 5;

  /** The parts in which nobody else is asked. */
  private static final int DIRECT_STEPS = 2;

  /** Others' probes that this member has on its hands at once; more are not taken on. */
  private static final int MAX_ERRANDS = 256;

  private final Roster roster;
  private final MembershipOptions.Timing timing;
  private final Lifeguard lifeguard;
  private final LocalHealth health;
  private final RandomGenerator random;
  private final List<NodeId> round = new ArrayList<>();
  private final TreeMap<Long, Errand> errands = new TreeMap<>();
  private long lastSequence;
  private long nextProbeNanos;
  private long nextCallNanos;
  private Optional<Probe> current = Optional.empty();

  Prober(
      Roster roster,
      MembershipOptions.Timing timing,
      Lifeguard lifeguard,
      LocalHealth health,
      RandomGenerator random,
      long nowNanos) {
    this.roster = roster;
    this.timing = timing;
    this.lifeguard = lifeguard;
    this.health = health;
    this.random = random;
    this.nextProbeNanos = nowNanos;
    this.nextCallNanos = nowNanos;
    // An answer that was recorded in an earlier life must match no question of this one.
    this.lastSequence = random.nextLong() >>> 24;
  }

  int healthScore() {
    return health.score();
  }

  long dueNanos() {
    boolean open = current.isPresent() && !current.get().answered;
    long due = open ? current.get().dueNanos : nextProbeNanos;
    if (lifeguard.calling() && roster.hasSuspects()) {
      due = earlier(due, nextCallNanos);
    }
    for (Errand errand : errands.values()) {
      due = errand.nacked() ? due : earlier(due, errand.nackNanos());
    }
    return due;
  }

  List<Out> tick(long nowNanos) {
    List<Out> out = new ArrayList<>();
    errands(nowNanos, out);
    callSuspects(nowNanos, out);
    current.ifPresent(probe -> advance(probe, nowNanos, out));
    // Timers are late, each step a little more: the question at hand is brought to its end first.
    boolean open = current.isPresent() && !current.get().answered;
    if (!open && nowNanos - nextProbeNanos >= 0) {
      long interval = health.stretch(timing.probeInterval().toNanos());
      nextProbeNanos = nowNanos + interval;
      nextTarget().ifPresent(target -> begin(target, nowNanos, interval, out));
    }
    return out;
  }

  /** This member was stalled for {@code nanos}: answers may be waiting unread. */
  void forgive(long nanos) {
    health.worse(1);
    nextProbeNanos += nanos;
    if (current.isPresent()) {
      current.get().dueNanos += nanos;
    }
  }

  List<Out> receive(Address address, NodeId from, Message message, long nowNanos) {
    if (message instanceof Message.Ping ping) {
      return ping.target().equals(roster.self().id())
          ? List.of(new Out(address, new Message.Ack(ping.sequence()), Optional.of(from)))
          : List.of();
    }
    if (message instanceof Message.PingRequest request) {
      return runErrand(address, request, nowNanos);
    }
    if (message instanceof Message.Ack ack) {
      return answered(from, ack.sequence());
    }
    if (message instanceof Message.Nack nack) {
      current.filter(probe -> probe.sequence == nack.sequence()).ifPresent(probe -> probe.nacks++);
    }
    return List.of();
  }

  private void begin(Member target, long nowNanos, long interval, List<Out> out) {
    lastSequence++;
    Probe probe = new Probe(target, lastSequence, nowNanos, interval / STEPS);
    current = Optional.of(probe);
    ping(probe, out);
  }

  /** One datagram may get lost: each step asks again, and from the third on others ask too. */
  private void advance(Probe probe, long nowNanos, List<Out> out) {
    if (probe.answered || nowNanos - probe.dueNanos < 0) {
      return;
    }
    probe.step++;
    probe.dueNanos = nowNanos + probe.stepNanos;
    if (probe.step == STEPS) {
      current = Optional.empty();
      fail(probe, nowNanos);
      return;
    }
    ping(probe, out);
    if (probe.step >= DIRECT_STEPS) {
      askOthers(probe, out);
    }
  }

  private void ping(Probe probe, List<Out> out) {
    Message ping = new Message.Ping(probe.sequence, probe.target.id());
    out.add(new Out(probe.target.address(), ping, Optional.of(probe.target.id())));
  }

  private void askOthers(Probe probe, List<Out> out) {
    if (probe.helpers.isEmpty()) {
      probe.helpers =
          roster.randomPresent(timing.indirectProbes(), Optional.of(probe.target.id()), random);
    }
    Message request =
        new Message.PingRequest(probe.sequence, probe.target.id(), probe.target.address());
    for (Member helper : probe.helpers) {
      out.add(new Out(helper.address(), request, Optional.of(helper.id())));
    }
  }

  /** Suspects are told again and again, so that one that is there does not miss its chance. */
  private void callSuspects(long nowNanos, List<Out> out) {
    if (!lifeguard.calling() || roster.hasSuspects() && nowNanos - nextCallNanos < 0) {
      return;
    }
    // All others call the same suspect: in large clusters each does so more rarely.
    long crowd = 1 + roster.size() / 50;
    nextCallNanos = nowNanos + timing.gossipInterval().toNanos() / 2 * crowd;
    for (Member suspect : roster.suspects()) {
      lastSequence++;
      Message ping = new Message.Ping(lastSequence, suspect.id());
      out.add(new Out(suspect.address(), ping, Optional.of(suspect.id())));
    }
  }

  private void fail(Probe probe, long nowNanos) {
    // Helpers that said nothing at all, not even that they heard nothing, speak against us.
    int helpers = probe.helpers.size();
    int silent = helpers == 0 ? 1 : Math.max(0, helpers - probe.nacks);
    health.worse(silent);
    if (silent > 0) {
      roster.anticipate(nowNanos);
    }
    roster
        .other(probe.target.id())
        .ifPresent(
            now -> {
              if (now.incarnation() == probe.target.incarnation()) {
                roster.hearSuspect(now, roster.self().id(), nowNanos);
              }
            });
  }

  private List<Out> answered(NodeId from, long sequence) {
    if (current.isPresent() && current.get().sequence == sequence) {
      Probe probe = current.get();
      if (!probe.answered) {
        probe.answered = true;
        health.better();
      }
      return List.of();
    }
    Errand errand = errands.remove(sequence);
    if (errand == null) {
      return List.of();
    }
    Message ack = new Message.Ack(errand.clientSequence());
    return List.of(new Out(errand.client(), ack, Optional.of(from)));
  }

  private List<Out> runErrand(Address client, Message.PingRequest request, long nowNanos) {
    if (errands.size() >= MAX_ERRANDS) {
      return List.of();
    }
    lastSequence++;
    long nackNanos = nowNanos + timing.probeTimeout().toNanos() * 4 / 5;
    errands.put(lastSequence, new Errand(client, request.sequence(), nackNanos, false));
    Message ping = new Message.Ping(lastSequence, request.target());
    return List.of(new Out(request.address(), ping, Optional.of(request.target())));
  }

  private void errands(long nowNanos, List<Out> out) {
    List<Long> over = new ArrayList<>();
    errands.replaceAll(
        (sequence, errand) -> {
          if (!errand.nacked() && nowNanos - errand.nackNanos() >= 0) {
            Message nack = new Message.Nack(errand.clientSequence());
            out.add(new Out(errand.client(), nack, Optional.empty()));
            return new Errand(errand.client(), errand.clientSequence(), errand.nackNanos(), true);
          }
          if (errand.nacked()
              && nowNanos - errand.nackNanos() >= timing.probeInterval().toNanos() * 2) {
            over.add(sequence);
          }
          return errand;
        });
    over.forEach(errands::remove);
  }

  private Optional<Member> nextTarget() {
    while (true) {
      if (round.isEmpty()) {
        roster.members().values().stream()
            .filter(member -> member.state().isPresent())
            .map(Member::id)
            .filter(id -> !id.equals(roster.self().id()))
            .forEach(round::add);
        if (round.isEmpty()) {
          return Optional.empty();
        }
        for (int i = round.size() - 1; i > 0; i--) {
          Collections.swap(round, i, random.nextInt(i + 1));
        }
      }
      Optional<Member> next = roster.other(round.remove(round.size() - 1));
      if (next.isPresent() && next.get().state().isPresent()) {
        return next;
      }
    }
  }

  private static long earlier(long a, long b) {
    return a - b < 0 ? a : b;
  }
}
