package io.quorate.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.transport.Address;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.core.transport.TlsOptions;
import io.quorate.core.transport.TransportLimits;
import io.quorate.core.transport.TransportOptions;
import io.quorate.core.transport.TransportTimeouts;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real environment; items 28 and 30 of the bad inputs. */
class EnvironmentTest {
  private static final EnvironmentOptions OPTIONS =
      EnvironmentOptions.of(NodeId.of("env-test"), "test");

  @Test
  void the_same_name_gives_the_same_loop_and_tasks_run_in_order() throws Exception {
    try (Environment env = Environment.real(OPTIONS.withLoops(2))) {
      assertThat(env.eventLoop("a")).isSameAs(env.eventLoop("a"));
      assertThat(env.eventLoop("a")).isNotSameAs(env.eventLoop("b"));
      List<Integer> ran = new ArrayList<>();
      CompletableFuture<Boolean> inLoop = new CompletableFuture<>();
      for (int i = 0; i < 100; i++) {
        int number = i;
        env.eventLoop("a").execute(() -> ran.add(number));
      }
      env.eventLoop("a").execute(() -> inLoop.complete(env.eventLoop("a").inLoop()));

      assertThat(inLoop.get(20, TimeUnit.SECONDS)).isTrue();
      assertThat(env.eventLoop("a").inLoop()).isFalse();
      assertThat(ran).isSorted().hasSize(100);
    }
  }

  @Test
  void a_last_word_that_a_loop_was_given_before_the_close_still_leaves() throws Exception {
    NodeId speaker = NodeId.of("speaker");
    NodeId listener = NodeId.of("listener");
    CompletableFuture<byte[]> heard = new CompletableFuture<>();
    try (Environment to = Environment.real(EnvironmentOptions.of(listener, "test"))) {
      to.transport().open("words", to.eventLoop("words"), new Handler() {
        @Override
        public void onMessage(NodeId from, byte[] payload) {
          heard.complete(payload);
        }

        @Override
        public void onRequest(Request request) {
          request.respond(new byte[0]);
        }
      });
      Environment from = Environment.real(EnvironmentOptions.of(speaker, "test"));
      from.transport().setPeer(listener, to.transport().address());
      EventLoop loop = from.eventLoop("words");
      Endpoint endpoint = from.transport().open("words", loop, new Handler() {});
      endpoint.request(listener, new byte[0], Duration.ofSeconds(20)).get(20, TimeUnit.SECONDS);
      Thread closer = new Thread(from::close);
      loop.execute(
          () -> {
            while (closer.getState() != Thread.State.TIMED_WAITING) {
              Thread.onSpinWait();
            }
            endpoint.send(listener, new byte[] {7});
          });
      closer.start();

      assertThat(heard.get(20, TimeUnit.SECONDS)).containsExactly(7);
      closer.join();
    }
  }

  @Test
  void a_task_that_throws_does_not_stop_its_loop() throws Exception {
    try (Environment env = Environment.real(OPTIONS)) {
      CompletableFuture<Boolean> after = new CompletableFuture<>();
      EventLoop loop = env.eventLoop("a");

      loop.execute(
          () ->
              EnvironmentTest.<RuntimeException>sneak(
                  new StackOverflowError("thrown by the test")));
      loop.schedule(
          0,
          () ->
              EnvironmentTest.<RuntimeException>sneak(
                  new IllegalStateException("thrown by the test")));
      loop.schedule(TimeUnit.MILLISECONDS.toNanos(1), () -> after.complete(true));

      assertThat(after.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void a_timer_runs_not_before_its_time_and_not_at_all_once_cancelled() throws Exception {
    try (Environment env = Environment.real(OPTIONS)) {
      EventLoop loop = env.eventLoop("a");
      CompletableFuture<Long> ranAt = new CompletableFuture<>();
      CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
      long delayNanos = TimeUnit.MILLISECONDS.toNanos(30);
      long before = env.clock().monotonicNanos();

      loop.schedule(delayNanos / 2, () -> cancelled.complete(false)).cancel();
      loop.schedule(delayNanos, () -> ranAt.complete(env.clock().monotonicNanos()));

      assertThat(ranAt.get(20, TimeUnit.SECONDS) - before).isGreaterThanOrEqualTo(delayNanos);
      assertThat(cancelled).isNotDone();
      assertThatThrownBy(() -> loop.schedule(-1, () -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("delayNanos");
    }
  }

  @Test
  void a_blocking_executor_runs_one_task_at_a_time_on_its_own_named_thread() throws Exception {
    try (Environment env = Environment.real(OPTIONS)) {
      Executor wal = env.blockingExecutor("wal");
      assertThat(env.blockingExecutor("wal")).isSameAs(wal);
      List<Integer> ran = new ArrayList<>();
      CompletableFuture<String> name = new CompletableFuture<>();
      wal.execute(
          () ->
              EnvironmentTest.<RuntimeException>sneak(
                  new IllegalStateException("thrown by the test")));
      for (int i = 0; i < 100; i++) {
        int number = i;
        wal.execute(() -> ran.add(number));
      }
      wal.execute(() -> name.complete(Thread.currentThread().getName()));

      assertThat(name.get(20, TimeUnit.SECONDS)).isEqualTo("quorate-env-test-wal");
      assertThat(ran).isSorted().hasSize(100);
    }
  }

  @Test
  void a_blocking_executor_refuses_more_than_its_bound() {
    try (Environment env = Environment.real(OPTIONS)) {
      CountDownLatch release = new CountDownLatch(1);
      Executor executor = env.blockingExecutor("slow");
      executor.execute(() -> awaitQuietly(release));

      assertThatThrownBy(
              () -> {
                for (int i = 0; i < BlockingExecutors.MAX_WAITING_TASKS + 2; i++) {
                  executor.execute(() -> {});
                }
              })
          .isInstanceOf(RejectedExecutionException.class);
      release.countDown();
    }
  }

  @Test
  void files_are_below_the_data_directory_and_without_one_there_are_none(@TempDir Path directory) {
    try (Environment env = Environment.real(OPTIONS.withDataDirectory(directory))) {
      try (var file = env.storage().create("x")) {
        file.write(0, ByteBuffer.wrap(new byte[] {1}));
      }
      assertThat(directory.resolve("x")).exists();
    }
    try (Environment env = Environment.real(OPTIONS)) {
      assertThatThrownBy(env::storage)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("withDataDirectory");
    }
  }

  @Test
  void chance_is_different_each_time() {
    try (Environment env = Environment.real(OPTIONS)) {
      assertThat(env.random("x").nextLong()).isNotEqualTo(env.random("x").nextLong());
    }
  }

  @Test
  void item_28_options_that_cannot_be_are_refused_by_name() {
    assertRefused("cluster", () -> EnvironmentOptions.of(NodeId.of("a"), "no spaces"));
    assertRefused("loops", () -> OPTIONS.withLoops(0));
    assertRefused("loops", () -> OPTIONS.withLoops(5_000));
    assertRefused("port", () -> OPTIONS.withListen(new Address("127.0.0.1", -1)));
    assertRefused("port", () -> new Address("127.0.0.1", 65_536));
    assertRefused("port", () -> Address.parse("host:x"));
    assertRefused("host", () -> new Address(" ", 1));
    TransportLimits limits = TransportLimits.defaults();
    assertRefused("maxPayloadBytes", () -> limits.withMaxPayloadBytes(0));
    assertRefused("lowWaterBytes", () -> limits.withWaterMarkBytes(10, 11));
    assertRefused("highWaterBytes", () -> limits.withWaterMarkBytes(-1, -1));
    assertRefused("maxRequestsInFlight", () -> limits.withMaxRequestsInFlight(0));
    assertRefused("maxRequestBytesInFlight", () -> limits.withMaxRequestBytesInFlight(1));
    assertRefused("maxConnections", () -> limits.withMaxConnections(0, 0));
    assertRefused("maxHandshakesPerAddress", () -> limits.withMaxConnections(5, 6));
    TransportTimeouts timeouts = TransportTimeouts.defaults();
    assertRefused("idle", () -> timeouts.withIdle(Duration.ofSeconds(-1)));
    assertRefused("handshake", () -> timeouts.withHandshake(Duration.ofSeconds(Long.MAX_VALUE)));
    assertRefused(
        "backoffMin", () -> timeouts.withBackoff(Duration.ofSeconds(2), Duration.ofSeconds(1)));
    TlsOptions tls = TlsOptions.of(Path.of("c"), Path.of("k"), Path.of("a"));
    assertRefused("reloadPeriod", () -> tls.withReloadPeriod(Duration.ZERO));
  }

  @Test
  void item_28_an_address_in_use_is_named() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Address used = new Address("127.0.0.1", other.getLocalPort());

      assertThatThrownBy(() -> Environment.real(OPTIONS.withListen(used)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("" + used.port());
    }
    assertThreadsGone();
  }

  @Test
  void item_28_a_listen_host_that_cannot_be_resolved_is_named() {
    assertThatThrownBy(
            () -> Environment.real(OPTIONS.withListen(new Address("no-such-host.invalid", 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no-such-host.invalid");
  }

  @Test
  void item_30_close_twice_ends_all_threads_and_refuses_what_comes_after() throws Exception {
    Environment env = Environment.real(OPTIONS);
    Executor blocking = env.blockingExecutor("wal");
    EventLoop loop = env.eventLoop("a");
    Endpoint endpoint = env.transport().open("svc", loop, Handler.NONE);
    blocking.execute(() -> {});

    env.close();
    env.close();

    assertThatThrownBy(() -> loop.execute(() -> {})).isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(() -> blocking.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(() -> env.blockingExecutor("later"))
        .isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(() -> env.transport().open("later", loop, Handler.NONE))
        .isInstanceOf(IllegalStateException.class);
    assertThat(endpoint.send(NodeId.of("b"), new byte[0])).isFalse();
    assertThreadsGone();
  }

  @Test
  void item_30_close_on_a_loop_does_not_wait_for_itself() throws Exception {
    Environment env = Environment.real(OPTIONS);
    CompletableFuture<Boolean> closed = new CompletableFuture<>();

    env.eventLoop("a")
        .execute(
            () -> {
              env.close();
              closed.complete(true);
            });

    assertThat(closed.get(5, TimeUnit.SECONDS)).isTrue();
    assertThreadsGone();
  }

  @Test
  void item_30_an_interrupted_close_ends_and_keeps_the_interrupt() throws Exception {
    Environment env = Environment.real(OPTIONS);
    env.blockingExecutor("wal").execute(() -> {});

    Thread.currentThread().interrupt();
    assertThatCode(env::close).doesNotThrowAnyException();

    assertThat(Thread.interrupted()).isTrue();
    assertThreadsGone();
  }

  @Test
  void item_30_a_blocking_task_that_never_ends_is_interrupted() throws Exception {
    Environment env = Environment.real(OPTIONS);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    env.blockingExecutor("stuck")
        .execute(
            () -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
            });

    env.close();

    assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
    assertThreadsGone();
  }

  @Test
  void options_show_no_surprises() {
    assertThat(OPTIONS.transport()).isEqualTo(TransportOptions.defaults());
    assertThat(OPTIONS.dataDirectory()).isEmpty();
    assertThat(OPTIONS.loops()).isEqualTo(1);
    assertThat(OPTIONS.transport().listen()).isEqualTo(new Address("127.0.0.1", 0));
  }

  private static void assertRefused(String field, Runnable building) {
    assertThatThrownBy(building::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(field);
  }

  /** Every thread of the test's nodes ends within five seconds. */
  private static void assertThreadsGone() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("quorate-env-test-")) {
        thread.join(5_000);
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }

  private static <E extends Throwable> void sneak(Throwable failure) throws E {
    @SuppressWarnings("unchecked")
    E thrown = (E) failure;
    throw thrown;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
