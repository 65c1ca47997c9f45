package io.quorate.core.membership;

import io.quorate.core.Environment;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * This node's part in its cluster. Safe for use by many threads.
 *
 * <p>Membership is an opinion that converges: every live member learns of every change within
 * seconds, and at any moment two members may think differently. Use it to route, to balance and to
 * propose; never to decide who owns data or who leads.
 */
public interface Membership extends AutoCloseable {
  /** Starts to take part. Returns at once; see {@link #joined}. */
  static Membership join(Environment environment, MembershipOptions options) {
    return SwimMembership.start(environment, options, Lifeguard.ON);
  }

  /**
   * Completes, on the event loop called {@code membership}, once a seed has answered; at once for a
   * node without seeds. Seeds are asked again and again until then. Fails with {@link
   * io.quorate.core.RefusedException} if a live node elsewhere has this node's id.
   */
  CompletableFuture<Void> joined();

  /**
   * Completes when this node no longer takes part: normally after {@link #leave} or {@link #close};
   * with {@link io.quorate.core.RefusedException} if it gave way to another live node of its id.
   */
  CompletableFuture<Void> stopped();

  /** What this node believes now; costs nothing. */
  View view();

  /**
   * Says something else about this node; known everywhere within seconds. Does nothing once this
   * node has stopped taking part.
   *
   * @throws IllegalArgumentException if it is over {@link Member#MAX_METADATA_BYTES}
   */
  void setMetadata(Map<String, String> metadata);

  /** Events that may wait for one listener. */
  int MAX_WAITING_EVENTS = 100_000;

  /**
   * Tells {@code listener} first of every present member as {@link MembershipEvent.Kind#JOINED},
   * then of every change, in order, none left out, one at a time on {@code executor}. A listener
   * that throws an exception goes on with the next event. One that throws an {@link Error} or falls
   * {@link #MAX_WAITING_EVENTS} behind is given up. All this is logged and counted.
   *
   * @param executor an event loop for a listener that is quick; for one that may block a {@link
   *     Environment#blockingExecutor blocking executor}, so that it delays nobody but itself
   * @return ends the subscription when closed
   */
  Subscription subscribe(Executor executor, MembershipListener listener);

  /** Says good-bye, then stops; completes like {@link #stopped}, within two seconds or so. */
  CompletableFuture<Void> leave();

  /** Stops at once without a word, as a crash would. May be called twice. */
  @Override
  void close();

  /** A listener's connection to the events. */
  interface Subscription extends AutoCloseable {
    /** No event is begun after this has returned on the listener's executor. */
    @Override
    void close();
  }
}
