package io.quorate.core.sim;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.StorageFile;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * A replicated register by Attiya, Bar-Noy and Dolev, small enough to be read at one sitting, with
 * switches for known bugs: what the simulator is tried out on.
 *
 * <p>A write asks a majority for their time stamps and stores the value under a larger one at a
 * majority. A read asks a majority for the newest value, stores that at a majority, and returns it.
 */
final class AbdRegister implements Handler {
  /** Bugs that others have had. */
  enum Bug {
    NONE,
    /** Answers before the disk has synced. */
    ACK_BEFORE_SYNC,
    /** Reads do not store what they return. */
    NO_WRITE_BACK,
    /** Waits for too few answers. */
    SMALL_QUORUM,
    /** Asks its peers in an order that depends on object identities. */
    HASH_ORDER,
    /** Asks its peers in an order that depends on the process. */
    SET_ORDER,
    /** Truncates nothing when it finds a torn tail, and appends behind it. */
    KEEPS_TORN_TAIL
  }

  private static final Duration TIMEOUT = Duration.ofSeconds(1);
  private static final int QUERY = 1;
  private static final int STORE = 2;

  private record Stamped(long counter, long tie, String value) {
    boolean isNewerThan(Stamped other) {
      return counter != other.counter ? counter > other.counter : tie > other.tie;
    }

    static final Stamped NOTHING = new Stamped(0, 0, "");
  }

  private final Environment env;
  private final List<NodeId> members;
  private final Bug bug;
  private final EventLoop loop;
  private final Executor disk;
  private final Endpoint endpoint;
  private final StorageFile log;
  private final RandomGenerator ties;
  private final Map<String, Stamped> values = new TreeMap<>();
  private long logEnd;
  private long lastCounter;

  AbdRegister(Environment env, List<NodeId> members, Bug bug) {
    this.env = env;
    this.members = members;
    this.bug = bug;
    this.loop = env.eventLoop("abd");
    this.disk = env.blockingExecutor("abd");
    this.ties = env.random("ties");
    if (env.storage().exists("abd.log")) {
      log = env.storage().open("abd.log");
      recover();
    } else {
      log = env.storage().create("abd.log");
    }
    env.storage().syncDirectory("");
    members.stream()
        .filter(id -> !id.equals(env.self()))
        .forEach(id -> env.transport().setPeer(id, SimNode.addressOf(id)));
    endpoint = env.transport().open("abd", loop, this);
  }

  CompletableFuture<Void> write(String key, String value) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () ->
            query(
                key,
                done,
                newest -> {
                  lastCounter = Math.max(lastCounter, newest.counter()) + 1;
                  store(
                      key,
                      new Stamped(lastCounter, ties.nextLong(), value),
                      done,
                      () -> done.complete(null));
                }));
    return done;
  }

  CompletableFuture<Optional<String>> read(String key) {
    CompletableFuture<Optional<String>> done = new CompletableFuture<>();
    loop.execute(
        () ->
            query(
                key,
                done,
                newest -> {
                  Optional<String> value = Optional.of(newest.value()).filter(s -> !s.isEmpty());
                  if (bug == Bug.NO_WRITE_BACK) {
                    done.complete(value);
                  } else {
                    store(key, newest, done, () -> done.complete(value));
                  }
                }));
    return done;
  }

  private void query(String key, CompletableFuture<?> failing, Consumer<Stamped> then) {
    byte[] message = new ByteWriter().int8(QUERY).text(key).toByteArray();
    Stamped[] newest = {Stamped.NOTHING};
    askMajority(
        message,
        failing,
        answer -> {
          Stamped theirs = readStamped(new ByteReader(answer));
          if (theirs.isNewerThan(newest[0])) {
            newest[0] = theirs;
          }
        },
        () -> then.accept(newest[0]));
  }

  private void store(String key, Stamped stamped, CompletableFuture<?> failing, Runnable then) {
    ByteWriter out = new ByteWriter().int8(STORE).text(key);
    writeStamped(out, stamped);
    askMajority(out.toByteArray(), failing, answer -> {}, then);
  }

  private void askMajority(
      byte[] message, CompletableFuture<?> failing, Consumer<byte[]> each, Runnable then) {
    int quorum = bug == Bug.SMALL_QUORUM ? members.size() / 2 : members.size() / 2 + 1;
    int[] counts = new int[2];
    for (NodeId peer : inOrder()) {
      ask(peer, message)
          .whenComplete(
              (answer, failure) -> {
                if (failure == null) {
                  each.accept(answer);
                  if (++counts[0] == Math.max(1, quorum)) {
                    then.run();
                  }
                } else if (++counts[1] > members.size() - quorum) {
                  failing.completeExceptionally(new IndeterminateException("no majority"));
                }
              });
    }
  }

  private CompletableFuture<byte[]> ask(NodeId peer, byte[] message) {
    if (!peer.equals(env.self())) {
      return endpoint.request(peer, message, TIMEOUT);
    }
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    handle(message, answer::complete);
    return answer;
  }

  private Iterable<NodeId> inOrder() {
    if (bug == Bug.HASH_ORDER) {
      Map<Object, NodeId> byIdentity = new HashMap<>();
      members.forEach(id -> byIdentity.put(new Object(), id));
      return byIdentity.values();
    }
    return bug == Bug.SET_ORDER ? Set.copyOf(members) : members;
  }

  @Override
  public void onRequest(Request request) {
    handle(request.payload(), request::respond);
  }

  private void handle(byte[] message, Consumer<byte[]> respond) {
    ByteReader in = new ByteReader(message);
    int kind = in.int8();
    String key = in.text();
    Stamped mine = values.getOrDefault(key, Stamped.NOTHING);
    if (kind == QUERY) {
      ByteWriter out = new ByteWriter();
      writeStamped(out, mine);
      respond.accept(out.toByteArray());
      return;
    }
    Stamped theirs = readStamped(in);
    byte[] record = record(key, theirs);
    if (bug == Bug.ACK_BEFORE_SYNC) {
      respond.accept(new byte[0]);
    }
    disk.execute(
        () -> {
          log.write(logEnd, ByteBuffer.wrap(record));
          logEnd += record.length;
          log.force(true);
          loop.execute(
              () -> {
                remember(key, theirs);
                respond.accept(new byte[0]);
              });
        });
  }

  private void remember(String key, Stamped stamped) {
    if (stamped.isNewerThan(values.getOrDefault(key, Stamped.NOTHING))) {
      values.put(key, stamped);
    } else {
      env.faults().reached("abd.old-value");
    }
  }

  private void recover() {
    ByteBuffer bytes = ByteBuffer.allocate((int) log.size());
    log.read(0, bytes);
    ByteReader in = new ByteReader(bytes.array());
    while (in.remaining() >= 8) {
      int length = in.int32();
      int crc = in.int32();
      if (length <= 0 || length > in.remaining()) {
        break;
      }
      byte[] payload = in.bytes(length);
      if (crc(payload) != crc) {
        break;
      }
      logEnd = in.position();
      ByteReader entry = new ByteReader(payload);
      remember(entry.text(), readStamped(entry));
    }
    if (logEnd < log.size()) {
      env.faults().reached("abd.torn-tail");
      if (bug == Bug.KEEPS_TORN_TAIL) {
        logEnd = log.size();
      } else {
        log.truncate(logEnd);
        log.force(true);
      }
    }
  }

  private static byte[] record(String key, Stamped stamped) {
    ByteWriter payload = new ByteWriter().text(key);
    writeStamped(payload, stamped);
    byte[] bytes = payload.toByteArray();
    return new ByteWriter().int32(bytes.length).int32(crc(bytes)).bytes(bytes).toByteArray();
  }

  private static void writeStamped(ByteWriter out, Stamped stamped) {
    out.int64(stamped.counter()).int64(stamped.tie()).text(stamped.value());
  }

  private static Stamped readStamped(ByteReader in) {
    return new Stamped(in.int64(), in.int64(), in.text());
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }
}
