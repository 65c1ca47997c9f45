package io.quorate.core.sim;

import io.quorate.core.storage.Storage;
import java.util.function.Consumer;

/**
 * Tries every way in which a short piece of code can be cut off by a loss of power: a crash before
 * and after each of its storage calls, and for each of them every subset of what was not synced.
 *
 * <p>Cost: the number of calls times two to the number of unsynced changes; meant for scripts of
 * some ten calls. Beyond {@code maxSubsets} subsets of one crash point, that many are drawn by
 * chance, with none and all among them.
 *
 * @see <a href="https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai">
 *     ALICE: All File Systems Are Not Created Equal</a>
 */
public final class CrashExplorer {
  private static final int MAX_BITS = 62;

  private final long maxSubsets;
  private long states;

  /**
   * An explorer.
   *
   * @param maxSubsets most subsets of unsynced changes for one crash point; at least 2
   */
  public CrashExplorer(long maxSubsets) {
    if (maxSubsets < 2) {
      throw new IllegalArgumentException("maxSubsets must be at least 2, was " + maxSubsets);
    }
    this.maxSubsets = maxSubsets;
  }

  /** How many states of the disk have been verified. */
  public long stateCount() {
    return states;
  }

  /**
   * Runs {@code script} on an empty disk up to each crash point, and {@code verify} on each disk
   * that it may leave behind; also on the one it leaves when nothing crashes.
   *
   * @param script must do the same each time; told what it had done when the power failed only by
   *     what it has noted itself
   * @throws AssertionError if {@code verify} throws; says at which call, before or after it, and
   *     which changes survived
   */
  public void explore(Consumer<Storage> script, Consumer<Storage> verify) {
    long calls = -1;
    for (long k = 1; calls < 0 || k <= calls; k++) {
      for (boolean before : new boolean[] {true, false}) {
        SimDisk disk =
            SimDisk.alone(
                k,
                () -> {
                  throw new PowerFailure();
                });
        if (before) {
          disk.crashBefore(k);
        } else {
          disk.crashAfter(k);
        }
        boolean finished = runs(script, disk);
        verifyAll(disk, verify, (before ? "before" : "after") + " call " + k);
        if (finished) {
          calls = disk.callCount();
        }
      }
    }
  }

  private static boolean runs(Consumer<Storage> script, SimDisk disk) {
    boolean[] alive = {true};
    try {
      script.accept(
          disk.storage(
              () -> {
                if (!alive[0]) {
                  throw new PowerFailure();
                }
              }));
      return true;
    } catch (PowerFailure e) {
      return false;
    } finally {
      alive[0] = false;
    }
  }

  private void verifyAll(SimDisk disk, Consumer<Storage> verify, String when) {
    int changes = disk.pendingCount();
    if (changes <= MAX_BITS && 1L << changes <= maxSubsets) {
      for (long kept = 0; kept < 1L << changes; kept++) {
        verifyOne(disk, kept, verify, when);
      }
      return;
    }
    SeededRandom chance = SeededRandom.of(changes, when);
    verifyOne(disk, 0, verify, when);
    verifyOne(disk, -1, verify, when);
    for (long i = 2; i < maxSubsets; i++) {
      verifyOne(disk, chance.nextLong(), verify, when);
    }
  }

  private void verifyOne(SimDisk disk, long kept, Consumer<Storage> verify, String when) {
    states++;
    try {
      verify.accept(disk.afterCrashKeeping(kept).storage(() -> {}));
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "after a crash " + when + " of which changes 0b" + Long.toBinaryString(kept)
              + " survived: " + e.getMessage(),
          e);
    }
  }

  private static final class PowerFailure extends Error {
    PowerFailure() {
      super("simulated loss of power", null, false, false);
    }
  }
}
