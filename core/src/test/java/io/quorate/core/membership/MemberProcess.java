package io.quorate.core.membership;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/**
 * One member as a process of its own. Prints {@code ready PORT}, then a line {@code KIND MEMBER
 * NANOS} for each event, and at the end of its input {@code stalled MILLIS}: how late the latest of
 * its timers was. Times are of the machine's monotonic clock.
 */
final class MemberProcess {
  private static final long STEP_NANOS = Duration.ofMillis(10).toNanos();

  private MemberProcess() {}

  /** Takes a name, the port of a seed or 0, and {@code ON} or {@code OFF} for Lifeguard. */
  public static void main(String[] arguments) throws Exception {
    PrintStream out = System.out;
    EnvironmentOptions world = EnvironmentOptions.of(NodeId.of(arguments[0]), "processes");
    int seed = Integer.parseInt(arguments[1]);
    Lifeguard lifeguard = arguments[2].equals("ON") ? Lifeguard.ON : Lifeguard.OFF;
    MembershipOptions options =
        MembershipOptions.of("processes", new Address("127.0.0.1", 0))
            .withSeeds(seed == 0 ? List.of() : List.of(new Address("127.0.0.1", seed)));
    try (Environment environment = Environment.real(world);
        Membership membership = SwimMembership.start(environment, options, lifeguard)) {
      Member self = membership.view().member(environment.self()).orElseThrow();
      out.println("ready " + self.address().port());
      membership.subscribe(
          environment.blockingExecutor("events"),
          event ->
              out.println(event.kind() + " " + event.member().id() + " " + System.nanoTime()));
      Stall stall = new Stall();
      stall.start();
      while (System.in.read() >= 0) {
        // Whoever started this process holds its input open for as long as it is to run.
      }
      out.println("stalled " + stall.worstNanos / 1_000_000);
    }
  }

  /** Measures how late a thread of this process is at worst. */
  static final class Stall extends Thread {
    volatile long worstNanos;

    Stall() {
      setDaemon(true);
    }

    @Override
    public void run() {
      long before = System.nanoTime();
      while (true) {
        try {
          sleep(Duration.ofNanos(STEP_NANOS).toMillis());
        } catch (InterruptedException e) {
          return;
        }
        long now = System.nanoTime();
        worstNanos = Math.max(worstNanos, now - before - STEP_NANOS);
        before = now;
      }
    }
  }
}
