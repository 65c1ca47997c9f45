package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** What transports on real threads promise besides: behaviour while a thread is busy. */
abstract class RealTransportConformance extends TransportConformance {
  private static final long PATIENCE_SECONDS = 30;

  @Override
  protected <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("no result", e);
    }
  }

  @Test
  void a_peer_that_does_not_read_makes_the_endpoint_unwritable_until_it_does() {
    TransportLimits limits = limits().withWaterMarkBytes(1 << 20, 1 << 19);
    Pair pair = pair(options().withLimits(limits));
    await(pair.a.request(B, bytes("echo:"), LONG));
    CountDownLatch busy = new CountDownLatch(1);
    pair.envB.eventLoop("svc").execute(() -> awaitQuietly(busy));

    int taken = 0;
    int refills = 0;
    byte[] payload = new byte[64 << 10];
    // The network between has room of its own: fill that too, until nothing moves any more.
    do {
      while (pair.a.send(B, payload)) {
        taken++;
        assertThat(taken).as("messages taken for a peer that does not read").isLessThan(10_000);
      }
    } while (happensSoon(pair.atA.writable(refills++)));

    assertThat(pair.a.isWritable(B)).isFalse();
    assertRefused(pair.a.request(B, bytes("echo:"), LONG), "waiting");
    busy.countDown();
    assertThat(await(pair.atA.writable(refills - 1))).isEqualTo(B);
    assertThat(pair.a.isWritable(B)).isTrue();
    await(pair.atB.message(taken - 1));
  }

  @Test
  void threads_that_send_at_the_same_time_keep_their_own_order() throws Exception {
    Pair pair = pair();
    int threads = 4;
    int each = 500;
    CountDownLatch done = new CountDownLatch(threads);
    for (int t = 0; t < threads; t++) {
      int number = t;
      new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  pair.a.send(B, bytes(number + ":" + i));
                }
                done.countDown();
              })
          .start();
    }
    assertThat(done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    await(pair.atB.message(threads * each - 1));

    for (int t = 0; t < threads; t++) {
      String mine = t + ":";
      assertThat(pair.atB.messages().stream().filter(m -> m.startsWith(mine)).toList())
          .hasSize(each)
          .isEqualTo(java.util.stream.IntStream.range(0, each).mapToObj(i -> mine + i).toList());
    }
  }

  private static boolean happensSoon(CompletableFuture<?> future) {
    try {
      future.get(1, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError("no result", e);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
