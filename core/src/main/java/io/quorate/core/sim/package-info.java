/**
 * A deterministic simulator: a whole cluster, application included, in one thread, on virtual time,
 * from one seed.
 *
 * <p>{@link io.quorate.core.sim.Simulation} gives every node an {@link io.quorate.core.Environment}
 * of its own whose network, disk, clock and threads fail the way real ones do. The same seed gives
 * the same run, event by event.
 */
package io.quorate.core.sim;
