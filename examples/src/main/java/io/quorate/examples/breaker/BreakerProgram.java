package io.quorate.examples.breaker;

import io.quorate.examples.Arguments;
import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.CircuitBreakerOptions;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Listener;
import io.quorate.resilience.RejectedException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Users ask a dependency through a guard with a circuit breaker and a fallback, the dependency is
 * down for a while, and each call is one character. Time is virtual: the run takes no time, and
 * equal seeds print equal pictures.
 */
@Command(
    name = "breaker",
    description = "A dependency fails and recovers behind a circuit breaker.",
    mixinStandardHelpOptions = true)
public final class BreakerProgram implements Callable<Integer> {
  private static final String ANSWER = "a fresh answer";
  private static final String FALLBACK = "a popular answer";

  @Spec private CommandSpec spec;

  @Option(
      names = "--rate",
      defaultValue = "40",
      description = "Calls a second, 1 to 100 (default ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--down-from",
      defaultValue = "3",
      description = "The second in which the dependency fails (default ${DEFAULT-VALUE}).")
  private int downFrom;

  @Option(
      names = "--down-seconds",
      defaultValue = "9",
      description = "How long it is down (default ${DEFAULT-VALUE}).")
  private int downSeconds;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of the jitter (default ${DEFAULT-VALUE}).")
  private long seed;

  private long nowNanos;
  private long reached;
  private long failed;
  private long spared;
  private long lastFailureNanos = -1;
  private long firstAnswerNanos = -1;

  @Override
  public Integer call() {
    Arguments.require(spec, "--rate", rate, 1, 100);
    Arguments.require(spec, "--down-from", downFrom, 1, 1_000);
    Arguments.require(spec, "--down-seconds", downSeconds, 1, 1_000);
    PrintWriter out = spec.commandLine().getOut();
    CircuitBreaker breaker =
        CircuitBreaker.create(
            "dependency",
            CircuitBreakerOptions.defaults().withCountWindow(20, 10),
            () -> nowNanos,
            seed,
            Listener.none());
    Guard guard =
        Guard.named("dependency")
            .breaker(breaker)
            // Nothing here waits, so the timer is never asked.
            .time(() -> nowNanos, (delayNanos, task) -> () -> {})
            .build();
    out.println("second  circuit    one character a call: . answered  x failed  - spared");
    int seconds = downFrom + 3 * downSeconds;
    for (int second = 0; second < seconds; second++) {
      StringBuilder calls = new StringBuilder();
      for (int i = 0; i < rate; i++) {
        nowNanos = TimeUnit.SECONDS.toNanos(second) + i * TimeUnit.SECONDS.toNanos(1) / rate;
        calls.append(ask(guard));
      }
      String picture = second == downFrom ? "  <- down" : "";
      picture = second == downFrom + downSeconds ? "  <- well again" : picture;
      out.printf(Locale.ROOT, "%6d  %-9s  %s%s%n", second, breaker.state(), calls, picture);
      if (second > downFrom + downSeconds && breaker.state() == CircuitBreaker.State.CLOSED) {
        break;
      }
    }
    summary(out, breaker);
    return 0;
  }

  /** One call: every one is answered, by the dependency or by the fallback. */
  private char ask(Guard guard) {
    long before = reached;
    String answer =
        guard.call(
            this::dependency,
            failure -> {
              spared += failure instanceof RejectedException ? 1 : 0;
              return FALLBACK;
            });
    if (answer.equals(ANSWER)) {
      if (firstAnswerNanos < 0 && lastFailureNanos >= 0) {
        firstAnswerNanos = nowNanos;
      }
      return '.';
    }
    return reached > before ? 'x' : '-';
  }

  private String dependency() {
    reached++;
    long second = TimeUnit.NANOSECONDS.toSeconds(nowNanos);
    if (second >= downFrom && second < downFrom + downSeconds) {
      failed++;
      lastFailureNanos = nowNanos;
      throw new IllegalStateException("down");
    }
    return ANSWER;
  }

  private void summary(PrintWriter out, CircuitBreaker breaker) {
    long whileDown = (long) rate * downSeconds;
    out.printf(
        Locale.ROOT,
        "%nWhile it was down, %,d of %,d calls reached the dependency; the rest were spared.%n",
        failed,
        whileDown);
    out.printf(
        Locale.ROOT,
        "%,d answers came from the fallback, no call was left without one.%n",
        failed + spared);
    Duration away = Duration.ofSeconds(downFrom + downSeconds);
    out.printf(
        Locale.ROOT,
        "The circuit opened %d times and answered again %.2f s after the dependency did.%n",
        breaker.stats().openings(),
        (firstAnswerNanos - away.toNanos()) / 1e9);
  }
}
