package io.quorate.core.membership;

import io.quorate.core.NodeId;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Predicate;

/**
 * The members as one node believes them to be at one moment. Immutable; safe for use by many
 * threads. Two nodes' views differ for a while after every change.
 */
public final class View {
  private final long version;
  private final SortedMap<NodeId, Member> members;

  /** Keeps {@code members}, which must not change any more. */
  View(long version, SortedMap<NodeId, Member> members) {
    this.version = version;
    this.members = members;
  }

  /** Grows by one with every change at this node; means nothing to other nodes. */
  public long version() {
    return version;
  }

  /** All members that are remembered, the dead and the gone among them, by name. */
  public Collection<Member> members() {
    return members.values();
  }

  /** The members that are alive or merely suspected, by name. */
  public List<Member> present() {
    return present(member -> true);
  }

  /** The present members that {@code filter} takes, by name. */
  public List<Member> present(Predicate<Member> filter) {
    return members.values().stream()
        .filter(member -> member.state().isPresent())
        .filter(filter)
        .toList();
  }

  /** What is known of {@code id}. */
  public Optional<Member> member(NodeId id) {
    return Optional.ofNullable(members.get(id));
  }

  @Override
  public String toString() {
    return "View[version=" + version + ", members=" + members.values() + "]";
  }
}
