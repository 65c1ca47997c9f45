package io.quorate.consensus.raft;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.transport.Request;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Performs what the core of one group decides: on the journal, the network, the snapshot files and
 * the applier. Owned by the host's loop.
 *
 * <p>Rules of stopping: a failed write or sync, damaged or contradicting data, a broken invariant
 * and a state machine that throws all stop the group on this node for good. Nothing is retried that
 * could be acknowledged without being durable; only a restart reads again what really survived.
 */
final class RaftDriver<C, R> implements Journal.Durable, Client.Routes<R>, ReadQueue.Asker {
  private static final Logger log = LoggerFactory.getLogger(RaftDriver.class);

  final CompletableFuture<Void> started = new CompletableFuture<>();
  private final Raft host;
  private final Group<C, R> group;
  private final EventLoop loop;
  private final RaftOptions options;
  private final Applier<C, R> applier;
  private final JournalKeeper journal;
  private final Snapshots<C, R> snapshots;
  private final Client<C, R> client;
  private final ReadQueue reads;
  private final StatusBoard<C, R> board;
  private final Sender sender;
  private final long tickNanos;
  private final Awaiting<R> awaiting = new Awaiting<>();
  private List<? extends Completion<R>> proposing;
  private Consumer<Optional<Refusal>> changing;
  private Consumer<Boolean> transferring;
  private RaftCore core;
  private long lastHeardNanos;
  private Optional<NodeId> lastLeader = Optional.empty();
  private boolean stopped;
  private boolean ticking;
  private boolean resting;
  private volatile OperationException failure;

  RaftDriver(Raft host, Group<C, R> group) {
    this.host = host;
    this.group = group;
    this.loop = host.loop();
    this.options = host.options();
    this.tickNanos = options.electionTimeout().toNanos() / 24;
    this.applier =
        new Applier<>(
            host.applyLoop(),
            group.machine(),
            group.commands(),
            group.results(),
            options.sessionTimeout().toMillis(),
            cause -> loop.execute(() -> fail("state machine failed", cause)));
    this.journal = new JournalKeeper();
    this.snapshots = new Snapshots<>(this, host, group.name(), applier, journal);
    this.client = new Client<>(this, loop, group.commands(), options);
    this.reads = new ReadQueue(loop, this, options.operationTimeout());
    this.sender = new Sender(host, group.id());
    Configuration first = SnapshotMark.initial(group.members()).configuration();
    this.board =
        new StatusBoard<>(
            host.environment().metrics(),
            group.name(),
            applier,
            new RaftStatus(Role.FOLLOWER, 0, Optional.empty(), 0, 0, 0, 0, first));
  }

  /** Recovers, then takes part; called once the log of the node is open. */
  void start() {
    journal.open(host.journal(group.name(), this));
    new Startup<>(host, group, snapshots, journal)
        .run()
        .whenComplete(
            (recovered, error) -> {
              if (error != null) {
                fail("cannot recover what is stored", error);
              } else if (!stopped) {
                begin(recovered);
              }
            });
  }

  EventLoop loop() {
    return loop;
  }

  Client<C, R> client() {
    return client;
  }

  ReadQueue reads() {
    return reads;
  }

  Applier<C, R> applier() {
    return applier;
  }

  StatusBoard<C, R> board() {
    return board;
  }

  /** Why this node takes part no more, or null if it does. */
  OperationException failure() {
    return failure;
  }

  @Override
  public long nowNanos() {
    return host.environment().clock().monotonicNanos();
  }

  @Override
  public Optional<NodeId> leader() {
    return core == null ? Optional.empty() : core.leader();
  }

  @Override
  public void send(
      NodeId leader, List<Proposal> batch, List<? extends Completion<R>> completions) {
    if (leader.equals(host.environment().self())) {
      propose(batch, completions);
      return;
    }
    ByteWriter wire = new ByteWriter();
    host.writeHeader(wire, group.id());
    Forwarding.writeBatch(wire, batch);
    host.endpoint()
        .request(leader, wire.toByteArray(), options.electionTimeout().multipliedBy(4))
        .whenComplete(
            (answer, error) -> {
              if (error != null) {
                OperationException cause = Raft.operationFailure(error);
                completions.forEach(completion -> completion.failed(cause));
              } else {
                Forwarding.readAnswer(
                    new ByteReader(answer), group.results(), batch, completions);
              }
            });
  }

  @Override
  public void ask(long id, boolean lease) {
    if (core == null) {
      reads.failed(id);
    } else {
      step(new Input.Read(id, lease, nowNanos()));
    }
  }

  @Override
  public void serve(long index, Runnable readers) {
    applier.read(index, readers);
  }

  /** Whether a leader was heard, or this node led, within {@code bound}. */
  boolean heardWithin(Duration bound) {
    if (core == null || core.leader().isEmpty()) {
      return false;
    }
    NodeId leader = core.leader().get();
    return core.role() == Role.LEADER
        || nowNanos() - lastHeardNanos <= bound.toNanos()
        || core.resting() && host.pulse().heardWithin(leader, bound.toNanos());
  }

  void received(NodeId from, ByteReader in) {
    if (core == null || stopped) {
      return;
    }
    long birth = in.int64();
    if (birth < 1) {
      throw in.malformed("a birth of " + birth);
    }
    Message message = MessageCodec.INSTANCE.read(in);
    in.expectEnd();
    step(new Input.Receive(new Member(from, birth), message, nowNanos()));
    if (message instanceof Message.Append && from.equals(core.leader().orElse(null))) {
      lastHeardNanos = nowNanos();
    }
  }

  void requested(Request request, ByteReader in) {
    if (core == null || stopped || core.role() != Role.LEADER) {
      request.refuse("not the leader");
      return;
    }
    List<Proposal> batch = Forwarding.readBatch(in);
    in.expectEnd();
    for (Proposal proposal : batch) {
      if (proposal.payload().length > options.maxCommandBytes()) {
        request.refuse("command of " + proposal.payload().length + " bytes");
        return;
      }
    }
    propose(
        batch, new Forwarding.Answer<>(request, group.results(), batch.size()).completions());
  }

  void change(long expectedIndex, Configuration target, Consumer<Optional<Refusal>> ended) {
    if (core == null || stopped || changing != null) {
      ended.accept(Optional.of(Refusal.CHANGE_UNDER_WAY));
      return;
    }
    changing = ended;
    step(new Input.Change(expectedIndex, target, nowNanos()));
  }

  void transfer(Optional<NodeId> target, Consumer<Boolean> ended) {
    if (core == null || stopped || transferring != null) {
      ended.accept(false);
      return;
    }
    transferring = ended;
    step(new Input.Transfer(target, nowNanos()));
  }

  void snapshot(Consumer<Optional<Throwable>> done) {
    snapshots.take(done);
  }

  void force(Configuration target) {
    step(new Input.ForceConfiguration(target, nowNanos()));
  }

  void step(Input input) {
    if (stopped) {
      return;
    }
    List<Effect> effects;
    try {
      effects = core.step(input);
    } catch (RuntimeException e) {
      fail("invariant broken", e);
      return;
    }
    // Before any message leaves: nobody may learn of more than readers here wait for, nor of the
    // end of a lease later than they do.
    board.lease(core.lease());
    for (int i = 0; i < effects.size() && !stopped; i++) {
      perform(effects.get(i));
    }
    if (!stopped) {
      board.update(core);
      noteRest();
    }
  }

  @Override
  public void durable(long unit) {
    if (core == null || stopped) {
      return;
    }
    long persist = journal.durable(unit);
    step(new Input.Stored(persist, nowNanos()));
    sender.release(persist);
  }

  @Override
  public void failed(RuntimeException cause) {
    fail("the log has stopped", cause);
  }

  /** Stops taking part, for good. */
  void fail(String what, Throwable cause) {
    if (stopped) {
      return;
    }
    log.error("raft stopped group={} reason={}", group.name(), what, cause);
    stop(new RaftStoppedException(group.name() + ": " + what, cause));
    started.completeExceptionally(cause);
  }

  /** If this node leads, tells another to campaign and leads no more. */
  void leave() {
    if (core != null) {
      step(new Input.Leave(nowNanos()));
    }
  }

  /** Stops taking part. */
  void close() {
    if (!stopped) {
      stop(new RaftStoppedException(group.name() + ": closed", null));
      started.completeExceptionally(failure);
    }
  }

  LogView log() {
    return core.log();
  }

  private void stop(OperationException why) {
    stopped = true;
    failure = why;
    IndeterminateException unknown = new IndeterminateException(why.getMessage(), why);
    awaiting.fail(unknown);
    client.close(why);
    reads.close(why.getMessage());
    sender.close();
    host.pulse().wakes(this);
    if (changing != null) {
      changing.accept(Optional.of(Refusal.UNKNOWN));
    }
    if (transferring != null) {
      transferring.accept(false);
    }
    board.stopped();
  }

  private void begin(RaftCore recovered) {
    core = recovered;
    log.info(
        "raft started group={} term={} lastIndex={}",
        group.name(), core.term(), core.log().lastIndex());
    board.update(core);
    started.complete(null);
    awake();
  }

  @Override
  public void awake() {
    if (!ticking && !stopped && core != null) {
      ticking = true;
      tick();
    }
  }

  /** A node that this group relied on while it rested has fallen silent, or was restarted. */
  void leaderSilent() {
    step(new Input.Wake(true, nowNanos()));
  }

  private void tick() {
    if (stopped || core.resting() && client.isIdle() && reads.isIdle()) {
      ticking = false;
      return;
    }
    loop.schedule(tickNanos, this::tick);
    journal.retry();
    step(new Input.Tick(nowNanos()));
    client.expire();
    client.retry();
    reads.expire();
    reads.retry();
    if (core.role() == Role.LEADER) {
      if (applier.nextDeadlineMillis() <= core.logTimeMillis()) {
        step(new Input.Propose(List.of(Proposal.noop()), nowNanos()));
      } else if (hasNoWork()) {
        step(new Input.Rest(host.pulse().life(), nowNanos()));
      }
    }
    snapshots.takeIfDue(options.snapshotLogBytes());
  }

  /** Whether nothing but signs of life would come from here. */
  private boolean hasNoWork() {
    return client.isIdle()
        && reads.isIdle()
        && awaiting.isEmpty()
        && changing == null
        && transferring == null
        && applier.nextDeadlineMillis() == Long.MAX_VALUE
        && applier.appliedIndex() == core.commitIndex();
  }

  /** Has the host look after a group that rests, and looks after one that has woken. */
  private void noteRest() {
    if (core.resting() == resting) {
      return;
    }
    resting = core.resting();
    if (!resting) {
      host.pulse().wakes(this);
      awake();
    } else if (core.role() == Role.LEADER) {
      Configuration now = core.log().configuration();
      host.pulse().rests(this, now.membersBesides(host.environment().self()), 0);
    } else {
      host.pulse().rests(this, List.of(core.leader().orElseThrow()), core.leaderLife());
    }
  }

  private void propose(List<Proposal> batch, List<? extends Completion<R>> completions) {
    if (stopped || journal.isFull()) {
      refuse(completions, stopped ? "stopped" : "the disk is full");
      return;
    }
    proposing = completions;
    step(new Input.Propose(batch, nowNanos()));
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.Send e) {
      sender.send(e, journal.durablePersist());
    } else if (effect instanceof Effect.Persist e) {
      persist(e);
    } else if (effect instanceof Effect.Apply e) {
      applier.apply(
          e.firstIndex(), e.entries(), awaiting.take(e.firstIndex(), e.entries()));
      board.meters().committed(e.entries().size());
      snapshots.grew(e.entries());
    } else if (effect instanceof Effect.Accepted e) {
      accepted(e);
    } else if (effect instanceof Effect.Refused e) {
      if (proposing != null) {
        refuse(proposing, "refused: " + e.reason());
        proposing = null;
      }
    } else if (effect instanceof Effect.ReadReady e) {
      reads.ready(e.id(), e.index());
    } else if (effect instanceof Effect.ReadFailed e) {
      reads.failed(e.id());
    } else if (effect instanceof Effect.Became e) {
      became(e);
    } else if (effect instanceof Effect.Reconfigured e) {
      log.info("raft members group={} index={} members={}", group.name(), e.index(),
          e.configuration());
    } else if (effect instanceof Effect.ChangeEnded e) {
      Consumer<Optional<Refusal>> ended = changing;
      changing = null;
      ended.accept(e.refusal());
    } else if (effect instanceof Effect.TransferEnded e) {
      Consumer<Boolean> ended = transferring;
      transferring = null;
      if (ended != null) {
        ended.accept(e.handedOver());
      }
    } else if (effect instanceof Effect.SendChunk e) {
      snapshots.sendChunk(e);
    } else if (effect instanceof Effect.StoreChunk e) {
      snapshots.storeChunk(e);
    } else if (effect instanceof Effect.Restore e) {
      snapshots.restore(e);
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  private void persist(Effect.Persist unit) {
    try {
      journal.append(unit);
    } catch (RuntimeException e) {
      fail("cannot append to the log", e);
    }
  }

  private void accepted(Effect.Accepted accepted) {
    if (proposing == null) {
      return;
    }
    awaiting.add(accepted.firstIndex(), accepted.term(), proposing);
    proposing = null;
  }

  private void became(Effect.Became now) {
    log.info("raft became group={} role={} term={} leader={}", group.name(), now.role(),
        now.term(), now.leader().map(NodeId::value).orElse("none"));
    if (now.role() != Role.LEADER && !awaiting.isEmpty()) {
      awaiting.fail(new IndeterminateException("leadership lost"));
    }
    if (now.role() == Role.LEADER) {
      board.meters().elected();
    }
    if (now.leader().isPresent() && !now.leader().equals(lastLeader)) {
      lastLeader = now.leader();
      // Not within this step: what is tried again may step the core.
      loop.execute(
          () -> {
            if (!stopped) {
              client.leaderChanged();
              reads.retry();
            }
          });
    }
  }

  void transmit(NodeId to, Message message) {
    sender.transmit(to, message);
  }

  private void refuse(List<? extends Completion<R>> completions, String why) {
    RefusedException refused = new RefusedException(why);
    completions.forEach(completion -> completion.failed(refused));
  }
}
