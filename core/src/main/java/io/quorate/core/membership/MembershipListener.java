package io.quorate.core.membership;

/**
 * Is told about every change, in order, none left out. Runs on a loop of its own choice, so that it
 * cannot hold up the protocol however slow it is; what it throws is logged.
 */
@FunctionalInterface
public interface MembershipListener {
  void onEvent(MembershipEvent event);
}
