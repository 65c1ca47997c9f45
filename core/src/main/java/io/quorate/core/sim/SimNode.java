package io.quorate.core.sim;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Function;

/**
 * A simulated machine: a disk and a clock that last, and a process on it that comes and goes.
 *
 * @param <T> what the boot function returns: the service that runs here
 */
public final class SimNode<T> {
  private static final int PORT = 7_100;

  private final Simulation simulation;
  private final NodeId id;
  private final int number;
  private final Function<Environment, T> boot;
  private final SimClock clock;
  private final SeededRandom chance;
  private final SimDisk disk;
  private final ArrayDeque<Event> held = new ArrayDeque<>();

  private SimEnvironment environment;
  private T service;
  private Throwable bootFailure;
  private String cluster = "";
  private int incarnation;
  private long pausedSinceNanos;
  private long pausedUntilNanos;

  SimNode(Simulation simulation, NodeId id, int number, Function<Environment, T> boot) {
    this.simulation = simulation;
    this.id = id;
    this.number = number;
    this.boot = boot;
    this.chance = simulation.random("machine", id.value());
    this.clock = new SimClock(simulation, simulation.random("clock", id.value()));
    this.disk =
        new SimDisk(
            simulation.options().disk(),
            simulation.random("disk", id.value()),
            simulation::spend,
            (a, b) -> simulation.digestOfTrace().add(number, a, b),
            this::crashFromDisk);
  }

  public NodeId id() {
    return id;
  }

  /** Where any node named {@code id} is reached in any simulation, also before it is made. */
  public static Address addressOf(NodeId id) {
    return new Address(id.value(), PORT);
  }

  /** Where this node accepts its peers. */
  public Address address() {
    return addressOf(id);
  }

  /** Which cluster it says it belongs to; nodes of different ones refuse to connect. */
  public void cluster(String name) {
    cluster = name;
  }

  String cluster() {
    return cluster;
  }

  /** Whether its process is alive; a paused one is. */
  public boolean isRunning() {
    return environment != null && environment.isAlive();
  }

  /**
   * What the boot function returned last.
   *
   * @throws IllegalStateException if the process is not running
   */
  public T service() {
    if (!isRunning()) {
      throw new IllegalStateException("node " + id + " is not running");
    }
    return service;
  }

  /**
   * The environment of the process.
   *
   * @throws IllegalStateException if the process is not running
   */
  public Environment environment() {
    service();
    return environment;
  }

  /** Why the last start failed, if it did: the node refused to run on what it found. */
  public Optional<Throwable> bootFailure() {
    return Optional.ofNullable(bootFailure);
  }

  /** How often it was started. */
  public int incarnation() {
    return incarnation;
  }

  /** Its clock; lasts across restarts. */
  public SimClock clock() {
    return clock;
  }

  /** Its disk; lasts across restarts. */
  public SimDisk disk() {
    return disk;
  }

  /**
   * Kills the process and cuts the power: what the disk had not synced is subject to chance, and
   * peers either see their connections reset or learn nothing, by chance. Does nothing if it is not
   * running.
   */
  public void crash() {
    if (isRunning()) {
      halt(chance.nextBoolean());
      disk.crash();
    }
  }

  /** Kills the process alone, as by SIGKILL: the page cache survives, connections are reset. */
  public void kill() {
    if (isRunning()) {
      halt(false);
      disk.releaseLocks();
    }
  }

  /** Closes the service, if it is {@link AutoCloseable}, and the environment, in an orderly way. */
  public void stop() {
    if (!isRunning()) {
      return;
    }
    T stopping = service;
    SimEnvironment closing = environment;
    simulation.runBlocking(
        closing,
        () -> {
          if (stopping instanceof AutoCloseable closeable && stopping != closing) {
            try {
              closeable.close();
            } catch (Exception e) {
              throw new IllegalStateException("close of " + id + " failed", e);
            }
          }
          closing.close();
        });
    service = null;
  }

  /**
   * Starts the process unless it runs: calls the boot function with a fresh environment. If that
   * throws, the node is down and {@link #bootFailure} says why.
   */
  public void restart() {
    if (isRunning()) {
      return;
    }
    incarnation++;
    bootFailure = null;
    environment = new SimEnvironment(simulation, this);
    SimEnvironment starting = environment;
    simulation.runBlocking(
        starting,
        () -> {
          try {
            service = boot.apply(starting);
          } catch (NodeCrashed e) {
            bootFailure = e;
          } catch (RuntimeException e) {
            bootFailure = e;
            halt(false);
            disk.releaseLocks();
          }
        });
    if (incarnation == 1 && bootFailure instanceof RuntimeException unable) {
      throw unable;
    }
  }

  /** Holds everything on this machine up for {@code duration}, as SIGSTOP or a long GC does. */
  public void pause(Duration duration) {
    long untilNanos =
        simulation.timeNanos() + SimulationOptions.positiveNanos(duration, "duration");
    if (untilNanos > pausedUntilNanos) {
      if (simulation.timeNanos() >= pausedUntilNanos) {
        pausedSinceNanos = simulation.timeNanos();
      }
      pausedUntilNanos = untilNanos;
      simulation.network().paused(this);
      simulation.at(duration, this::resumeIfDue);
    }
  }

  /** Ends a pause early. */
  public void resume() {
    pausedUntilNanos = simulation.timeNanos();
    resumeIfDue();
  }

  /** Crashes the node and empties its disk. */
  public void wipe() {
    crash();
    disk.wipe();
  }

  @Override
  public String toString() {
    return "SimNode " + id + (isRunning() ? " running" : " down");
  }

  int number() {
    return number;
  }

  SimEnvironment process() {
    return environment;
  }

  /** Whether it is paused and has been for at least so long. */
  boolean isPausedFor(long nanos) {
    long nowNanos = simulation.timeNanos();
    return nowNanos < pausedUntilNanos && nowNanos - pausedSinceNanos >= nanos;
  }

  /** Takes the event if the machine is paused. */
  boolean holds(Event event) {
    if (simulation.timeNanos() >= pausedUntilNanos) {
      return false;
    }
    held.add(event);
    return true;
  }

  /** Ends the process at once; {@code silently}: its peers are not told. */
  void halt(boolean silently) {
    if (isRunning()) {
      environment.die(silently);
      service = null;
      resume();
    }
  }

  private void crashFromDisk() {
    crash();
    throw new NodeCrashed(this);
  }

  private void resumeIfDue() {
    if (simulation.timeNanos() < pausedUntilNanos) {
      return;
    }
    while (!held.isEmpty()) {
      simulation.enqueueFirst(held.remove());
    }
  }
}
