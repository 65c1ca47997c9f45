package io.quorate.examples.cluster;

import io.quorate.core.membership.Member;
import java.util.List;
import java.util.function.Predicate;

/** What members say of themselves in their metadata, as these examples use it. */
public final class Roles {
  /** Names what a member does, such as {@code serving,storage}. */
  public static final String ROLES = "roles";

  /** Names the failure domain of a member. */
  public static final String ZONE = "zone";

  private Roles() {}

  /** Takes the members that have {@code role}. */
  public static Predicate<Member> with(String role) {
    return member -> List.of(member.metadata().getOrDefault(ROLES, "").split(",")).contains(role);
  }

  /** The zone of {@code member}, empty if it names none. */
  static String zoneOf(Member member) {
    return member.metadata().getOrDefault(ZONE, "");
  }
}
