package io.quorate.consensus.raft;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.Text;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.core.wal.DurabilityListener;
import io.quorate.core.wal.WriteAheadLog;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All Raft groups of one node: they share its log, its connections and its threads.
 *
 * <pre>{@code
 * Raft raft = Raft.open(environment);
 * RaftNode<Long, Long, Counter> counter = raft.group("counter")
 *     .members(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"))
 *     .start(new Counter(), Codec.LONG, Codec.LONG);
 * CompletableFuture<Long> sum = counter.submit(5L);
 * CompletableFuture<Long> value = counter.read(Counter::value, Read.LINEARIZABLE);
 * }</pre>
 *
 * <p>Safe for use by many threads.
 */
public final class Raft implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Raft.class);
  private static final String SERVICE = "raft";

  private final Environment environment;
  private final RaftOptions options;
  private final EventLoop loop;
  private final EventLoop applyLoop;
  private final Storage storage;
  private final CompletableFuture<Void> opened = new CompletableFuture<>();
  /** Null until it is open, and for good without durability. Written by the loop. */
  private WriteAheadLog wal;
  private final WalJournal.Syncs syncs = new WalJournal.Syncs();
  private final Endpoint endpoint;
  private final Pulse pulse;
  /** By group id. Written by the loop. */
  private final SortedMap<Long, RaftDriver<?, ?>> drivers = new TreeMap<>();
  /** Set before any group starts. */
  private Member member;
  /** Groups that must get what they had here from the others. Set before any group starts. */
  private SortedSet<String> fetching = new TreeSet<>();
  private volatile boolean closed;

  private Raft(Environment environment, RaftOptions options) {
    this.environment = environment;
    this.options = options;
    this.loop = environment.eventLoop("raft");
    this.applyLoop = environment.eventLoop("raft-apply");
    this.storage = options.durable() ? environment.storage() : Storage.inMemory();
    this.pulse = new Pulse(this);
    this.endpoint = environment.transport().open(SERVICE, loop, new Messages());
  }

  /** Opens the node's log with {@link RaftOptions#defaults}. */
  public static Raft open(Environment environment) {
    return open(environment, RaftOptions.defaults());
  }

  /** Opens the node's log; returns at once. Groups may be started before {@link #opened}. */
  public static Raft open(Environment environment, RaftOptions options) {
    Raft raft = new Raft(environment, options);
    raft.loop.execute(raft::openLog);
    return raft;
  }

  /**
   * Completes when the log is open; fails with {@link StorageException} if it is another node's,
   * damaged and not to be {@linkplain RaftOptions#repair repaired}, of a newer format, or in use.
   */
  public CompletableFuture<Void> opened() {
    return opened.copy();
  }

  /**
   * Begins to describe the group called {@code name}.
   *
   * @param name 1 to 64 of the characters {@code a-z A-Z 0-9 . _ -}, the first a letter or digit
   */
  public GroupBuilder group(String name) {
    return new GroupBuilder(Text.requireName("group", name));
  }

  /** The node. */
  public NodeId self() {
    return environment.self();
  }

  /** The node's door to the world. */
  public Environment environment() {
    return environment;
  }

  /**
   * Stops all groups: those led here are given up to others, what is pending fails, then the log is
   * closed. Returns at once. May be called twice.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    loop.execute(
        () -> {
          List.copyOf(drivers.values()).forEach(RaftDriver::leave);
          // Whoever is to lead now need not wait until all has stopped here.
          endpoint.flush();
          List.copyOf(drivers.values()).forEach(RaftDriver::close);
          endpoint.close();
          if (wal != null) {
            wal.close();
          }
          opened.completeExceptionally(new RaftStoppedException("closed", null));
        });
  }

  /** Who is in a group at its beginning, and how this node takes part. */
  public final class GroupBuilder {
    private final String name;
    private Configuration members = Configuration.of(List.of());
    private int priority = CoreOptions.MAX_PRIORITY;

    private GroupBuilder(String name) {
      this.name = name;
    }

    /**
     * The voters that the group begins with; the same on each of them. A node that is to be added
     * later names none. Without effect once the group has a log.
     */
    public GroupBuilder members(NodeId... voters) {
      return members(List.of(voters));
    }

    /** As {@link #members(NodeId...)}. */
    public GroupBuilder members(Collection<NodeId> voters) {
      members = Configuration.of(voters);
      return this;
    }

    /**
     * How eager this node is to lead.
     *
     * @param priority 0 to 10; lower ones campaign later, 0 never does; 10 unless set
     */
    public GroupBuilder priority(int priority) {
      if (priority < 0 || priority > CoreOptions.MAX_PRIORITY) {
        throw new IllegalArgumentException("priority must be 0 to 10, was " + priority);
      }
      this.priority = priority;
      return this;
    }

    /**
     * Starts to take part; returns at once, recovery goes on by itself.
     *
     * @param machine this node's replica, in the state that every group begins with
     * @throws IllegalStateException if this node takes part already, or is closed
     */
    public <C, R, M extends StateMachine<C, R>> RaftNode<C, R, M> start(
        M machine, Codec<C> commands, Codec<R> results) {
      if (closed) {
        throw new IllegalStateException("raft is closed");
      }
      Group<C, R> group =
          new Group<>(
              name,
              idOf(name),
              members,
              priority,
              Objects.requireNonNull(machine, "machine"),
              Objects.requireNonNull(commands, "commands"),
              Objects.requireNonNull(results, "results"));
      RaftDriver<C, R> driver = new RaftDriver<>(Raft.this, group);
      loop.execute(() -> add(group, driver));
      return new RaftNode<>(Raft.this, driver, machine);
    }
  }


  RaftOptions options() {
    return options;
  }

  EventLoop loop() {
    return loop;
  }

  EventLoop applyLoop() {
    return applyLoop;
  }

  Executor blocking() {
    return environment.blockingExecutor("raft-snapshots");
  }

  /** This node in its present birth; once the log is open, on the loop. */
  Member member() {
    return member;
  }

  /** Whom a group begins with that has no log here. */
  Configuration firstMembers(Group<?, ?> group) {
    return fetching.contains(group.name()) ? Configuration.of(List.of()) : group.members();
  }

  Storage storage() {
    return storage;
  }

  Endpoint endpoint() {
    return endpoint;
  }

  /** For the loop alone. */
  Pulse pulse() {
    return pulse;
  }

  Journal journal(String group, Journal.Durable listener) {
    return wal == null
        ? new MemoryJournal(loop, listener)
        : new WalJournal(wal.log(idOf(group), loop), syncs, listener);
  }

  /** What every message begins with: the group it is for. */
  void writeHeader(ByteWriter out, long groupId) {
    out.int64(groupId);
  }

  void remove(RaftDriver<?, ?> driver) {
    loop.execute(
        () -> {
          driver.leave();
          endpoint.flush();
          driver.close();
          drivers.values().remove(driver);
        });
  }

  /** The failure that a request to another node ended with, as one of an operation. */
  static OperationException operationFailure(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    return cause instanceof OperationException failure
        ? failure
        : new IndeterminateException("the request failed: " + cause, cause);
  }

  private void openLog() {
    if (!options.durable()) {
      log.warn("raft keeps log and votes in memory only node={}", environment.self());
      bear(environment.random("raft-birth").nextLong());
      opened.complete(null);
      return;
    }
    new LogOpening(environment, options, loop, blocking())
        .run()
        .whenComplete(
            (log, error) -> {
              if (error != null) {
                opened.completeExceptionally(
                    error instanceof CompletionException ? error.getCause() : error);
              } else if (closed) {
                log.log().close();
              } else {
                begin(log);
              }
            });
  }

  private void begin(LogOpening.Opened log) {
    wal = log.log();
    fetching = log.fetching();
    bear(wal.nonce());
    wal.listen(loop, new Durability());
    opened.complete(null);
  }

  private void bear(long nonce) {
    member = new Member(environment.self(), Math.max(1, nonce >>> 1));
  }

  private void add(Group<?, ?> group, RaftDriver<?, ?> driver) {
    if (closed || drivers.putIfAbsent(group.id(), driver) != null) {
      driver.fail(
          "cannot start",
          new IllegalStateException(closed ? "raft is closed" : "the group runs here already"));
      return;
    }
    pulse.greet(group.members().membersBesides(environment.self()));
    opened.whenComplete(
        (done, error) -> {
          if (error != null) {
            driver.fail("cannot open the log", error);
          } else {
            driver.start();
          }
        });
  }

  /** FNV-1a over the name, without the sign. */
  private static long idOf(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash & Long.MAX_VALUE;
  }

  private final class Durability implements DurabilityListener {
    @Override
    public void durable(long position) {
      syncs.durable(position);
    }

    @Override
    public void failed(StorageException cause) {
      List.copyOf(drivers.values()).forEach(driver -> driver.failed(cause));
    }
  }

  private final class Messages implements Handler {
    @Override
    public void onMessage(NodeId from, byte[] payload) {
      try {
        ByteReader in = new ByteReader(payload);
        long group = in.int64();
        if (group == Pulse.GROUP) {
          pulse.received(from, in);
          return;
        }
        RaftDriver<?, ?> driver = drivers.get(group);
        if (driver != null) {
          driver.received(from, in);
        }
      } catch (MalformedException e) {
        log.warn("raft message dropped from={} reason={}", from, e.getMessage());
      }
    }

    @Override
    public void onRequest(Request request) {
      try {
        ByteReader in = new ByteReader(request.payload());
        RaftDriver<?, ?> driver = drivers.get(in.int64());
        if (driver == null) {
          request.refuse("no such group here");
        } else {
          driver.requested(request, in);
        }
      } catch (MalformedException e) {
        log.warn("raft request refused from={} reason={}", request.from(), e.getMessage());
        request.refuse(e.getMessage());
      }
    }
  }
}
