package io.quorate.core.membership;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Datagrams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Feeds a {@link SwimCore} from one event loop and does what it says. */
final class SwimMembership implements Membership {
  private static final Logger log = LoggerFactory.getLogger(SwimMembership.class);
  private static final int BOOT_RANDOM_BITS = 20;

  private final Environment environment;
  private final EventLoop loop;
  private final DatagramCodec codec;
  private final Datagrams.Socket socket;
  private final SwimCore core;
  private final Metrics.Counter dropped;
  private final Metrics.Counter failedListeners;
  private final CompletableFuture<Void> joined = new CompletableFuture<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final List<Listening> listeners = new ArrayList<>();
  private EventLoop.Timer timer;
  private volatile View view;
  /** The members after the step under way, for all its events: copied once, if at all. */
  private Optional<SortedMap<NodeId, Member>> members = Optional.empty();

  private SwimMembership(
      Environment environment, MembershipOptions options, Lifeguard lifeguard) {
    this.environment = environment;
    this.loop = environment.eventLoop("membership");
    this.codec = new DatagramCodec(options.cluster(), options.key());
    this.dropped = environment.metrics().counter("membership_dropped_datagrams");
    this.failedListeners = environment.metrics().counter("membership_failed_listeners");
    this.socket = environment.datagrams().bind(options.bind(), loop, this::receive);
    Address address =
        options
            .advertise()
            .map(host -> new Address(host, socket.address().port()))
            .orElse(socket.address());
    RandomGenerator random = environment.random("membership");
    // Later starts draw greater numbers, unless the clock was set back: good enough to tell which
    // of two was first, and unique even then.
    long boot =
        environment.clock().wallMillis() << BOOT_RANDOM_BITS
            | random.nextInt(1 << BOOT_RANDOM_BITS);
    Member self =
        new Member(
            environment.self(), address, 1, boot, MemberState.ALIVE, options.metadata());
    this.core =
        new SwimCore(
            self,
            options.seeds(),
            options.timing(),
            lifeguard,
            codec,
            random,
            nowNanos());
    this.view = new View(0, core.members());
    environment.metrics().gauge("membership_present", () -> view.present().size());
  }

  static SwimMembership start(
      Environment environment, MembershipOptions options, Lifeguard lifeguard) {
    options.requireAuthenticated();
    SwimMembership membership = new SwimMembership(environment, options, lifeguard);
    membership.loop.execute(membership::tick);
    return membership;
  }

  @Override
  public CompletableFuture<Void> joined() {
    return joined.copy();
  }

  @Override
  public CompletableFuture<Void> stopped() {
    return stopped.copy();
  }

  @Override
  public View view() {
    return view;
  }

  @Override
  public void setMetadata(Map<String, String> metadata) {
    SortedMap<String, String> checked = Member.checked(metadata);
    loop.execute(() -> step(new SwimCore.SetMetadata(checked)));
  }

  @Override
  public Subscription subscribe(Executor executor, MembershipListener listener) {
    Listening listening = new Listening(executor, listener, failedListeners);
    loop.execute(
        () -> {
          View now = view;
          now.present().forEach(
              member ->
                  listening.tell(new MembershipEvent(MembershipEvent.Kind.JOINED, member, now)));
          listeners.add(listening);
        });
    return listening;
  }

  @Override
  public CompletableFuture<Void> leave() {
    executeOrEnd(() -> step(new SwimCore.Leave(nowNanos())));
    return stopped();
  }

  @Override
  public void close() {
    executeOrEnd(() -> stop(null));
  }

  private void executeOrEnd(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment has closed, and the socket with it.
      end();
    }
  }

  private void receive(Address from, byte[] payload) {
    Datagram datagram;
    try {
      datagram = codec.decode(payload);
    } catch (MalformedException e) {
      // Anybody can send us anything: counted, and not worth a line each.
      dropped.increment();
      log.debug("dropped datagram from={}", from, e);
      return;
    }
    step(new SwimCore.Received(from, datagram, nowNanos()));
  }

  private void tick() {
    step(new SwimCore.Tick(nowNanos()));
  }

  private void step(SwimCore.Input input) {
    if (stopped.isDone()) {
      return;
    }
    List<SwimCore.Effect> effects = core.step(input);
    members = Optional.empty();
    for (SwimCore.Effect effect : effects) {
      perform(effect);
    }
    if (!stopped.isDone()) {
      if (timer != null) {
        timer.cancel();
      }
      timer = loop.schedule(Math.max(0, core.dueNanos() - nowNanos()), this::tick);
    }
  }

  private void perform(SwimCore.Effect effect) {
    if (effect instanceof SwimCore.Send send) {
      socket.send(send.to(), codec.encode(send.datagram()));
    } else if (effect instanceof SwimCore.Changed changed) {
      change(changed);
    } else if (effect instanceof SwimCore.Joined) {
      log.info("joined cluster node={} members={}", self(), view.present().size());
      joined.complete(null);
    } else if (effect instanceof SwimCore.Departed) {
      stop(null);
    } else if (effect instanceof SwimCore.NameTaken taken) {
      stop(
          new RefusedException(
              "node id " + self() + " is taken by a live node at " + taken.by()));
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  private void change(SwimCore.Changed changed) {
    if (members.isEmpty()) {
      members = Optional.of(core.members());
    }
    view = new View(view.version() + 1, members.get());
    MembershipEvent event = new MembershipEvent(changed.kind(), changed.member(), view);
    log.info(
        "membership changed node={} kind={} member={} incarnation={}",
        self(),
        changed.kind(),
        changed.member().id(),
        changed.member().incarnation());
    listeners.removeIf(Listening::isClosed);
    listeners.forEach(listening -> listening.tell(event));
  }

  private void stop(RefusedException reason) {
    if (stopped.isDone()) {
      return;
    }
    if (timer != null) {
      timer.cancel();
    }
    socket.close();
    if (reason == null) {
      end();
    } else {
      log.error("membership stopped node={} reason={}", self(), reason.getMessage());
      joined.completeExceptionally(reason);
      stopped.completeExceptionally(reason);
    }
  }

  private void end() {
    joined.completeExceptionally(new RefusedException("membership was closed"));
    stopped.complete(null);
  }

  private NodeId self() {
    return environment.self();
  }

  private long nowNanos() {
    return environment.clock().monotonicNanos();
  }
}
