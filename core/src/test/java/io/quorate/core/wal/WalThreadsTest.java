package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.transport.InMemoryNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several owners on threads of their own, beside the writer, the cleaner and the reader. */
class WalThreadsTest {
  private static final int STEPS = 300;

  @TempDir Path directory;

  @Test
  void owners_append_drop_and_read_at_the_same_time_and_each_finds_its_own() {
    WalOptions options = new WalOptions("c/n1", 8 << 10, 1000, 64 << 10, 3_000);
    List<Owner> owners = new ArrayList<>();
    try (Environment environment = environment()) {
      WriteAheadLog wal = open(environment, options);
      for (int id = 0; id < 4; id++) {
        // Log 0 writes little and lives long, so that it is copied all the time.
        owners.add(new Owner(wal, id, environment.eventLoop("owner-" + id)));
      }
      List<CompletableFuture<Void>> runs = owners.stream().map(Owner::start).toList();
      runs.forEach(CompletableFuture::join);
      assertThat(wal.failure()).isEmpty();
      wal.shutdown().join();
    }
    try (Environment environment = environment()) {
      WriteAheadLog wal = open(environment, options);
      for (Owner owner : owners) {
        EventLoop loop = environment.eventLoop("owner-" + owner.log.id());
        Owner again = new Owner(wal, owner.log.id(), loop);
        assertThat(again.log.firstIndex()).isEqualTo(owner.log.firstIndex());
        assertThat(again.log.nextIndex()).isEqualTo(owner.log.nextIndex());
        CompletableFuture.supplyAsync(again::readAll, loop).thenCompose(read -> read).join();
      }
      wal.shutdown().join();
    }
  }

  private Environment environment() {
    EnvironmentOptions options =
        EnvironmentOptions.of(NodeId.of("n1"), "c").withDataDirectory(directory).withLoops(3);
    return Environment.inMemory(options, new InMemoryNetwork());
  }

  private static WriteAheadLog open(Environment environment, WalOptions options) {
    return WriteAheadLog.open(environment, "wal", environment.eventLoop("main"), options).join();
  }

  private static final class Owner {
    private final LogicalLog log;
    private final EventLoop loop;
    private final Random random;

    Owner(WriteAheadLog wal, long id, EventLoop loop) {
      this.log = wal.log(id, loop);
      this.loop = loop;
      this.random = new Random(id);
    }

    CompletableFuture<Void> start() {
      return CompletableFuture.supplyAsync(() -> step(0), loop).thenCompose(run -> run);
    }

    private CompletionStage<Void> step(int number) {
      if (number == STEPS) {
        return readAll();
      }
      assertThat(loop.inLoop()).isTrue();
      CompletableFuture<Void> done;
      if (random.nextInt(4) == 0) {
        done = readAll();
      } else {
        done = log.durable(change());
      }
      return done.thenComposeAsync(nothing -> step(number + 1), loop);
    }

    private long change() {
      long size = log.nextIndex() - log.firstIndex();
      if (size > (log.id() == 0 ? 30 : 60)) {
        return log.dropPrefix(log.nextIndex() - random.nextInt(10));
      }
      if (random.nextInt(50) == 0) {
        return log.truncateSuffix(log.nextIndex() - random.nextInt((int) size + 1));
      }
      if (log.id() == 0 && random.nextInt(20) != 0) {
        return log.putState(bytes("state " + log.nextIndex()));
      }
      List<byte[]> entries = new ArrayList<>();
      for (int i = random.nextInt(5); i >= 0; i--) {
        long index = log.nextIndex() + entries.size();
        entries.add(bytes(log.id() + " " + index + " " + "x".repeat(200)));
      }
      return log.append(entries);
    }

    private CompletableFuture<Void> readAll() {
      long first = log.firstIndex();
      long next = log.nextIndex();
      return log.read(first, Long.MAX_VALUE)
          .thenAccept(
              entries -> {
                assertThat(entries).hasSize((int) (next - first));
                for (int i = 0; i < entries.size(); i++) {
                  assertThat(WalHarness.text(entries.get(i)))
                      .startsWith(log.id() + " " + (first + i) + " ");
                }
              });
    }
  }
}
