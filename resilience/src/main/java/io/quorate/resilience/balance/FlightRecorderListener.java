package io.quorate.resilience.balance;

import io.quorate.resilience.Outcome;
import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Turns what a balancer tells into flight recorder events; costs nothing while not recording. */
final class FlightRecorderListener<T> implements LoadBalancer.Listener<T> {
  @Name("io.quorate.resilience.BalancedCall")
  @Label("Balanced Call")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class CallEvent extends Event {
    @Label("Balancer") String balancer;
    @Label("Replica") String replica;
    @Label("Outcome") String outcome;

    @Label("Latency")
    @Timespan(Timespan.NANOSECONDS)
    long latency;
  }

  @Name("io.quorate.resilience.ReplicaChange")
  @Label("Replica Change")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class ReplicaEvent extends Event {
    @Label("Balancer") String balancer;
    @Label("Replica") String replica;
    @Label("Change") String change;
  }

  @Name("io.quorate.resilience.Panic")
  @Label("Balancer Panic")
  @Category({"Quorate", "Resilience"})
  @StackTrace(false)
  static final class PanicEvent extends Event {
    @Label("Balancer") String balancer;
    @Label("Panicking") boolean panicking;
  }

  private final String balancer;

  FlightRecorderListener(String balancer) {
    this.balancer = balancer;
  }

  @Override
  public void onDone(T target, Outcome outcome, long latencyNanos) {
    CallEvent event = new CallEvent();
    if (event.isEnabled()) {
      event.balancer = balancer;
      event.replica = String.valueOf(target);
      event.outcome = outcome.name();
      event.latency = latencyNanos;
      event.commit();
    }
  }

  @Override
  public void onEjected(T target, long nanos) {
    change(target, "ejected");
  }

  @Override
  public void onReadmitted(T target) {
    change(target, "readmitted");
  }

  @Override
  public void onHealth(T target, boolean healthy) {
    change(target, healthy ? "healthy" : "unhealthy");
  }

  @Override
  public void onDrained(T target) {
    change(target, "drained");
  }

  @Override
  public void onPanic(boolean panicking) {
    PanicEvent event = new PanicEvent();
    if (event.isEnabled()) {
      event.balancer = balancer;
      event.panicking = panicking;
      event.commit();
    }
  }

  private void change(T target, String change) {
    ReplicaEvent event = new ReplicaEvent();
    if (event.isEnabled()) {
      event.balancer = balancer;
      event.replica = String.valueOf(target);
      event.change = change;
      event.commit();
    }
  }
}
