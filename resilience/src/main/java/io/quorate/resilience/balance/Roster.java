package io.quorate.resilience.balance;

import io.quorate.resilience.balance.LoadBalancer.Listener;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The members of a balancer and what is known of their health: the slow half of it. Every change is
 * made under one lock and publishes a new {@link Fleet} for the picks. Listeners are told after the
 * lock has been let go, in the order of the changes.
 */
final class Roster<T> {
  /** A replica begins its slow start with this share of its weight. */
  private static final double FIRST_RAMP = 0.1;

  private final BalancerOptions options;
  private final EjectionOptions ejection;
  private final String localZone;
  private final Subset subset;
  private final Decay decay;
  private final Notices<Listener<T>> notices;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<T, Member<T>> members = new LinkedHashMap<>();
  /** Members that the change at hand takes out for good or to drain. */
  private final List<Member<T>> closing = new ArrayList<>();
  private volatile Fleet<T> fleet;

  Roster(
      BalancerOptions options,
      EjectionOptions ejection,
      String localZone,
      Subset subset,
      Decay decay,
      Listener<T> listener) {
    this.options = options;
    this.ejection = ejection;
    this.localZone = localZone;
    this.subset = subset;
    this.decay = decay;
    this.notices = new Notices<>(listener);
    this.fleet = new Fleet<>(List.of(), localZone, options, decay);
  }

  Fleet<T> fleet() {
    return fleet;
  }

  /** Makes a change and publishes what follows from it. */
  private void change(long nowNanos, Runnable action) {
    List<Member<T>> closed;
    lock.lock();
    try {
      action.run();
      publish(nowNanos);
      // Published first: a pick that then meets a closed member finds a fleet without it.
      closing.forEach(member -> member.closed = true);
      closed = List.copyOf(closing);
      closing.clear();
    } finally {
      lock.unlock();
    }
    // Closed first, counted second: what has begun is waited for, and nothing begins any more.
    closed.forEach(Member::completeDrain);
    notices.deliver();
  }

  private void publish(long nowNanos) {
    Fleet<T> before = fleet;
    List<Fleet.Entry<T>> entries = new ArrayList<>();
    double[] shares = subset.shares(members.values().stream().map(m -> m.replica).toList());
    int at = 0;
    for (Member<T> member : members.values()) {
      double weight = member.replica.weight() * shares[at++];
      entries.add(new Fleet.Entry<>(member, weight, ramp(member, nowNanos)));
    }
    fleet = new Fleet<>(entries, localZone, options, decay);
    if (fleet.panicking != before.panicking) {
      boolean panicking = fleet.panicking;
      notices.add(listener -> listener.onPanic(panicking));
    }
  }

  private double ramp(Member<T> member, long nowNanos) {
    if (!member.ramping) {
      return 1;
    }
    double progress = (double) (nowNanos - member.rampFromNanos) / member.rampNanos;
    return Math.max(FIRST_RAMP, Math.min(1, progress));
  }

  private void startRamp(Member<T> member, long rampNanos, long nowNanos) {
    member.ramping = rampNanos > 0;
    member.rampFromNanos = nowNanos;
    member.rampNanos = rampNanos;
  }

  private void comeBack(Member<T> member, long nowNanos) {
    long awayNanos = Math.max(0, nowNanos - member.awaySinceNanos);
    startRamp(member, Math.min(awayNanos, options.slowStart().toNanos()), nowNanos);
  }

  private static boolean isIn(Member<?> member) {
    return member.healthy && !member.ejected && !member.draining;
  }

  /** Runs {@code action} on {@code member}, and has it leave or come back as that makes it. */
  private void update(Member<T> member, long nowNanos, Runnable action) {
    boolean before = isIn(member);
    action.run();
    if (before && !isIn(member)) {
      member.awaySinceNanos = nowNanos;
    } else if (!before && isIn(member)) {
      comeBack(member, nowNanos);
    }
  }

  /** Makes {@code replicas} the members; those that stay keep what is known of them. */
  void set(Collection<Replica<T>> replicas, boolean proven, long nowNanos) {
    Map<T, Replica<T>> wanted = new LinkedHashMap<>();
    for (Replica<T> replica : replicas) {
      if (wanted.put(replica.target(), replica) != null) {
        throw new IllegalArgumentException("replicas must differ, was twice " + replica.target());
      }
    }
    change(
        nowNanos,
        () -> {
          for (T target : List.copyOf(members.keySet())) {
            if (!wanted.containsKey(target)) {
              drop(target);
            }
          }
          Map<T, Member<T>> kept = new LinkedHashMap<>(members);
          members.clear();
          // In the order given, which is the one that a subset is cut from.
          for (Replica<T> replica : wanted.values()) {
            Member<T> member = kept.get(replica.target());
            if (member == null) {
              join(replica, proven, nowNanos);
            } else {
              member.replica = replica;
              members.put(member.target, member);
            }
          }
        });
  }

  void add(Replica<T> replica, boolean proven, long nowNanos) {
    change(
        nowNanos,
        () -> {
          if (members.containsKey(replica.target())) {
            throw new IllegalArgumentException(
                "replicas must differ, is a member already: " + replica.target());
          }
          join(replica, proven, nowNanos);
        });
  }

  /** Before the first replica there is nobody to spare a newcomer, nor a reason to doubt it. */
  private void join(Replica<T> replica, boolean proven, long nowNanos) {
    boolean first = fleet.members == 0;
    Member<T> member = new Member<>(replica, decay);
    member.healthy = proven || first;
    member.awaySinceNanos = nowNanos - options.slowStart().toNanos();
    float mean = meanNanos();
    if (mean > 0) {
      // Neither unbeatable nor hopeless: as fast as the others are.
      member.latency.assume(mean, decay.tick(nowNanos));
    }
    if (!first) {
      startRamp(member, options.slowStart().toNanos(), nowNanos);
    }
    members.put(member.target, member);
  }

  private float meanNanos() {
    float sum = 0;
    int known = 0;
    for (Member<T> member : members.values()) {
      float nanos = member.latency.nanos();
      if (nanos > 0) {
        sum += nanos;
        known++;
      }
    }
    return known == 0 ? 0 : sum / known;
  }

  void remove(T target, long nowNanos) {
    change(nowNanos, () -> drop(target));
  }

  private void drop(T target) {
    Member<T> member = members.remove(target);
    if (member != null) {
      member.removed = true;
      closing.add(member);
    }
  }

  private Member<T> member(T target) {
    Member<T> member = members.get(target);
    if (member == null) {
      throw new IllegalArgumentException("target must be a member, was " + target);
    }
    return member;
  }

  CompletableFuture<Void> drain(T target, long nowNanos) {
    List<CompletableFuture<Void>> result = new ArrayList<>(1);
    change(
        nowNanos,
        () -> {
          Member<T> member = member(target);
          if (!member.draining) {
            update(member, nowNanos, () -> member.draining = true);
            CompletableFuture<Void> drain = new CompletableFuture<>();
            member.drained = drain;
            closing.add(member);
            drain.thenRun(() -> told(listener -> listener.onDrained(member.target)));
          }
          result.add(member.drained);
        });
    return result.get(0).copy();
  }

  void undrain(T target, long nowNanos) {
    change(
        nowNanos,
        () -> {
          Member<T> member = member(target);
          if (member.draining) {
            CompletableFuture<Void> drain = member.drained;
            member.drained = null;
            member.closed = false;
            member.consecutiveFailures.set(0);
            update(member, nowNanos, () -> member.draining = false);
            drain.cancel(false);
          }
        });
  }

  Member<T> find(T target) {
    lock.lock();
    try {
      return members.get(target);
    } finally {
      lock.unlock();
    }
  }

  /** Takes in the verdict of active health checks; a target that is no member is ignored. */
  void health(T target, boolean healthy, long nowNanos) {
    Member<T> found = find(target);
    if (found == null || found.healthy == healthy) {
      return;
    }
    change(
        nowNanos,
        () -> {
          update(found, nowNanos, () -> found.healthy = healthy);
          notices.add(listener -> listener.onHealth(found.target, healthy));
        });
  }

  /** The first call since a member's return from ejection decides whether it may stay. */
  void decideProbation(Member<T> member, boolean success, long startNanos, long nowNanos) {
    change(
        nowNanos,
        () -> {
          // A late answer from before the ejection says nothing about how it is now.
          if (!member.onProbation || startNanos - member.ejectedUntilNanos < 0) {
            return;
          }
          if (success) {
            member.onProbation = false;
            comeBack(member, nowNanos);
          } else {
            ejectLocked(member, nowNanos);
          }
        });
  }

  /** Ejects a member, unless too many are ejected already. */
  void eject(Member<T> member, long nowNanos) {
    change(nowNanos, () -> ejectLocked(member, nowNanos));
  }

  private void ejectLocked(Member<T> member, long nowNanos) {
    if (member.removed || member.ejected) {
      return;
    }
    long ejected = members.values().stream().filter(m -> m.ejected).count();
    if (ejected + 1 > ejection.maxEjectedShare() * members.size()) {
      return;
    }
    long firstNanos = ejection.firstEjection().toNanos();
    boolean again =
        member.ejectionNanos > 0
            && nowNanos - member.ejectedUntilNanos < 2 * ejection.longestEjection().toNanos();
    long nanos =
        again
            ? Math.min(2 * member.ejectionNanos, ejection.longestEjection().toNanos())
            : firstNanos;
    update(member, nowNanos, () -> member.ejected = true);
    member.onProbation = false;
    member.ejectionNanos = nanos;
    member.ejectedUntilNanos = nowNanos + nanos;
    notices.add(listener -> listener.onEjected(member.target, nanos));
  }

  private void readmit(Member<T> member, long nowNanos) {
    long awaySinceNanos = member.awaySinceNanos;
    update(member, nowNanos, () -> member.ejected = false);
    // Full share at once, but one call at a time: the ramp begins when the first has succeeded.
    member.ramping = false;
    member.awaySinceNanos = awaySinceNanos;
    member.consecutiveFailures.set(0);
    member.judged();
    member.onProbation = true;
    notices.add(listener -> listener.onReadmitted(member.target));
  }

  /** Does what has become due. Skips it if another thread is changing something just now. */
  void sweep(long nowNanos) {
    if (!lock.tryLock()) {
      return;
    }
    try {
      boolean changed = fleet.ramping;
      for (Member<T> member : members.values()) {
        if (member.ejected && nowNanos - member.ejectedUntilNanos >= 0) {
          readmit(member, nowNanos);
          changed = true;
        }
        if (member.ramping && nowNanos - member.rampFromNanos >= member.rampNanos) {
          member.ramping = false;
        }
      }
      changed |= judge(nowNanos);
      if (changed) {
        publish(nowNanos);
      }
    } finally {
      lock.unlock();
    }
    notices.deliver();
  }

  /** Compares the success rate of each that has had enough calls with that of the others. */
  private boolean judge(long nowNanos) {
    long calls = 0;
    long failures = 0;
    for (Member<T> member : members.values()) {
      calls += member.callsSinceJudged();
      failures += member.failuresSinceJudged();
    }
    List<Member<T>> judged = new ArrayList<>();
    for (Member<T> member : members.values()) {
      long own = member.callsSinceJudged();
      long others = calls - own;
      if (own >= ejection.minCalls() && others >= ejection.minCalls()) {
        double rate = 1 - (double) member.failuresSinceJudged() / own;
        double othersRate = 1 - (double) (failures - member.failuresSinceJudged()) / others;
        if (rate < ejection.minSuccessRate() * othersRate) {
          ejectLocked(member, nowNanos);
        }
        judged.add(member);
      }
    }
    judged.forEach(Member::judged);
    return judged.stream().anyMatch(member -> member.ejected);
  }

  /** The clock has stepped back: so do all times that were taken from it. */
  void stepBack(long nanos) {
    lock.lock();
    try {
      for (Member<T> member : members.values()) {
        member.ejectedUntilNanos -= nanos;
        member.awaySinceNanos -= nanos;
        member.rampFromNanos -= nanos;
        member.stepBack(decay.tick(nanos));
      }
    } finally {
      lock.unlock();
    }
  }

  /** Calls {@code reader} with each member, in order, under the lock. */
  void forEach(Consumer<Member<T>> reader) {
    lock.lock();
    try {
      members.values().forEach(reader);
    } finally {
      lock.unlock();
    }
  }

  void told(Consumer<Listener<T>> notice) {
    notices.add(notice);
    notices.deliver();
  }
}
