/**
 * A deterministic simulator: a whole cluster, application included, in one thread, on virtual time,
 * from one seed.
 *
 * <p>{@link io.quorate.core.sim.Simulation} gives every {@link io.quorate.core.sim.SimNode} an
 * {@link io.quorate.core.Environment} of its own whose network, disk, clock and threads fail the way
 * real ones do. {@link io.quorate.core.sim.Campaign} runs many seeds under faults that a {@link
 * io.quorate.core.sim.Swarm} draws, and {@link io.quorate.core.sim.History} holds what clients saw
 * against a {@link io.quorate.core.sim.Model}. The same seed gives the same run, event by event.
 */
package io.quorate.core.sim;
