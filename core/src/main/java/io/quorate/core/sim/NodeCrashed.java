package io.quorate.core.sim;

/** Unwinds the code of a process that has just ceased to exist. */
final class NodeCrashed extends Error {
  NodeCrashed(SimNode<?> node) {
    super("simulated crash of " + node.id(), null, false, false);
  }
}
