package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.IntSupplier;

/** Many cores on virtual time, with a network of bytes that delays, loses and cuts. */
final class SwimCluster {
  static final String CLUSTER = "test";

  /** No timer is ever punctual. */
  private static final int MAX_LATE_NANOS = 1_000_000;

  /** Small datagrams that a socket's buffer holds by default; more are lost. */
  private static final int MAX_WAITING = 256;

  private record Event(long atNanos, long order, Runnable action) {}

  /** One member and what it has told its user. */
  final class Node {
    final NodeId id;
    final Address address;
    final long boot;
    final SwimCore core;
    final DatagramCodec codec = new DatagramCodec(CLUSTER, Optional.empty());
    final List<SwimCore.Effect> told = new ArrayList<>();
    final Map<NodeId, Long> deadSinceNanos = new TreeMap<>();
    boolean crashed;
    /** Nothing of this node runs before this moment. */
    long stalledUntilNanos = Long.MIN_VALUE;
    /** Delay of everything that this node does, as if it got too little of the processor. */
    long starvedByNanos;
    /** What one datagram or timer takes, during which all others wait: much as long as it is new. */
    long workNanos;
    long bytesSent;
    long datagramsSent;
    private long armedFor = Long.MAX_VALUE;
    private long busyUntilNanos = Long.MIN_VALUE;
    private int waiting;

    Node(String name, int port, long boot, List<Address> seeds) {
      this.id = NodeId.of(name);
      this.address = new Address("10.0.0.1", port);
      this.boot = boot;
      Member self =
          new Member(id, address, 1, boot, MemberState.ALIVE, Member.checked(Map.of()));
      this.core = new SwimCore(self, seeds, timing, lifeguard, codec, random.split(), nowNanos);
    }

    void step(SwimCore.Input input) {
      for (SwimCore.Effect effect : core.step(input)) {
        if (effect instanceof SwimCore.Send send) {
          transmit(this, send.to(), codec.encode(send.datagram()));
        } else {
          told.add(effect);
          if (effect instanceof SwimCore.Changed changed) {
            note(changed);
          }
        }
      }
      arm();
    }

    private void note(SwimCore.Changed changed) {
      if (changed.kind() == MembershipEvent.Kind.DIED) {
        deadSinceNanos.put(changed.member().id(), nowNanos);
      } else if (changed.kind() == MembershipEvent.Kind.JOINED) {
        deadSinceNanos.remove(changed.member().id());
      }
    }

    private void arm() {
      long due = Math.max(nowNanos, core.dueNanos());
      if (due >= armedFor - MAX_LATE_NANOS && armedFor > nowNanos) {
        return;
      }
      armedFor = due + random.nextInt(MAX_LATE_NANOS);
      at(armedFor, () -> run(() -> {
        if (nowNanos >= core.dueNanos()) {
          armedFor = Long.MAX_VALUE;
          step(new SwimCore.Tick(nowNanos));
        } else {
          armedFor = Long.MAX_VALUE;
          arm();
        }
      }));
    }

    /** Runs {@code action} when this node gets to it. */
    private void run(Runnable action) {
      if (starvedByNanos > 0) {
        at(nowNanos + starvedByNanos, () -> runInTurn(action));
      } else {
        runInTurn(action);
      }
    }

    private void runInTurn(Runnable action) {
      long ready = Math.max(stalledUntilNanos, busyUntilNanos);
      if (crashed) {
        return;
      }
      if (ready > nowNanos) {
        at(ready, () -> runInTurn(action));
      } else {
        busyUntilNanos = nowNanos + workNanos;
        action.run();
      }
    }

    /** From now on this node gets nothing for a while and then a slice, again and again. */
    void slice(IntSupplier stopMillis, IntSupplier runMillis) {
      stalledUntilNanos = nowNanos + stopMillis.getAsInt() * 1_000_000L;
      at(
          stalledUntilNanos + runMillis.getAsInt() * 1_000_000L,
          () -> slice(stopMillis, runMillis));
    }

    private void receive(Address from, byte[] bytes) {
      if (waiting < MAX_WAITING) {
        waiting++;
        run(
            () -> {
              waiting--;
              deliver(from, this, bytes);
            });
      }
    }

    void leave() {
      step(new SwimCore.Leave(nowNanos));
    }

    MemberState stateOf(Node other) {
      Member member = core.members().get(other.id);
      return member == null ? null : member.state();
    }
  }

  final List<Node> nodes = new ArrayList<>();
  final MembershipOptions.Timing timing;
  final Lifeguard lifeguard;
  final SplittableRandom random;
  long nowNanos = 1_000;
  double loss;
  /** Whether a datagram may pass from the first to the second. */
  BiPredicate<Node, Node> link = (from, to) -> true;

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos() != b.atNanos()
                  ? Long.compare(a.atNanos(), b.atNanos())
                  : Long.compare(a.order(), b.order()));
  private final Map<Address, Node> byAddress = new TreeMap<>(
      (a, b) -> Integer.compare(a.port(), b.port()));
  private long order;

  SwimCluster(long seed, MembershipOptions.Timing timing) {
    this(seed, timing, Lifeguard.ON);
  }

  SwimCluster(long seed, MembershipOptions.Timing timing, Lifeguard lifeguard) {
    this.random = new SplittableRandom(seed);
    this.timing = timing;
    this.lifeguard = lifeguard;
  }

  /** A cluster of {@code size} that all know each other. */
  static SwimCluster of(int size, long seed) {
    return of(size, seed, Lifeguard.ON);
  }

  static SwimCluster of(int size, long seed, Lifeguard lifeguard) {
    SwimCluster cluster = new SwimCluster(seed, MembershipOptions.Timing.lan(), lifeguard);
    for (int i = 0; i < size; i++) {
      cluster.start("n" + i, 1_000 + i, i + 1);
    }
    cluster.runUntilAllSee(size, Duration.ofSeconds(120));
    return cluster;
  }

  /** Starts a node whose seed is the first node, unless it is the first itself. */
  Node start(String name, int port, long boot) {
    List<Address> seeds = nodes.isEmpty() ? List.of() : List.of(nodes.get(0).address);
    Node node = new Node(name, port, boot, seeds);
    nodes.removeIf(old -> old.address.equals(node.address));
    nodes.add(node);
    byAddress.put(node.address, node);
    node.step(new SwimCore.Tick(nowNanos));
    return node;
  }

  Node node(int index) {
    return nodes.get(index);
  }

  void run(Duration duration) {
    long end = nowNanos + duration.toNanos();
    while (!events.isEmpty() && events.peek().atNanos() <= end) {
      Event event = events.poll();
      nowNanos = event.atNanos();
      event.action().run();
    }
    nowNanos = end;
  }

  /** Runs until every running node sees {@code present} members; fails after {@code limit}. */
  long runUntilAllSee(int present, Duration limit) {
    long begin = nowNanos;
    // One that did not see all of them is asked first: counting costs, and most have counted right.
    Optional<Node> behind = Optional.empty();
    while (behind.filter(node -> isBehind(node, present)).isPresent()
        || (behind = nodes.stream().filter(n -> isBehind(n, present)).findAny()).isPresent()) {
      if (nowNanos - begin > limit.toNanos()) {
        throw new AssertionError("after " + limit + " nodes see "
            + nodes.stream().map(SwimCluster::presentAt).toList() + ", not " + present);
      }
      run(Duration.ofMillis(50));
    }
    return nowNanos - begin;
  }

  long deaths() {
    return nodes.stream()
        .flatMap(node -> node.told.stream())
        .filter(effect -> effect instanceof SwimCore.Changed changed
            && changed.kind() == MembershipEvent.Kind.DIED)
        .count();
  }

  /** Hands {@code bytes} to {@code to} as if they came from {@code from}. */
  void inject(Address from, Node to, byte[] bytes) {
    deliver(from, to, bytes);
  }

  private static boolean isBehind(Node node, int present) {
    return !node.crashed && presentAt(node) != present;
  }

  private static long presentAt(Node node) {
    return node.core.members().values().stream().filter(m -> m.state().isPresent()).count();
  }

  private void transmit(Node from, Address address, byte[] bytes) {
    from.bytesSent += bytes.length;
    from.datagramsSent++;
    Node to = byAddress.get(address);
    if (to == null || !link.test(from, to) || random.nextDouble() < loss) {
      return;
    }
    long delayNanos = 100_000 + (long) (-Math.log(1 - random.nextDouble()) * 300_000);
    at(nowNanos + delayNanos, () -> to.receive(from.address, bytes));
  }

  private void deliver(Address from, Node to, byte[] bytes) {
    to.step(new SwimCore.Received(from, to.codec.decode(bytes), nowNanos));
  }

  private void at(long atNanos, Runnable action) {
    events.add(new Event(atNanos, order++, action));
  }
}
