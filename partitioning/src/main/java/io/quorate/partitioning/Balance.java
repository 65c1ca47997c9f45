package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How evenly a placement spreads a sample of keys.
 *
 * @param members one row per member, in the placement's order
 * @param keys how many keys were sampled
 */
public record Balance(List<MemberLoad> members, long keys) {
  private static final int PICTURE_SEGMENTS = 720;
  private static final int PICTURE_SIZE = 640;
  private static final double RADIUS = 220;

  /**
   * The load of one member.
   *
   * @param id the member
   * @param zone its zone; empty for none
   * @param weight its weight
   * @param first keys of which it is the first owner
   * @param copies keys of which it is any owner
   * @param overFairShare {@code first} over what its weight would give it; 0 for weight 0
   */
  public record MemberLoad(
      String id, String zone, double weight, long first, long copies, double overFairShare) {}

  public Balance {
    members = List.copyOf(members);
  }

  /** Looks up every hash of the sample. */
  public static <N> Balance of(Partitioner<N> placement, long[] hashes) {
    PlacementException.require(hashes.length > 0, "hashes", "none", "must hold one");
    Map<N, Integer> indexes = new HashMap<>();
    double weights = 0;
    for (Member<N> member : placement.members()) {
      indexes.put(member.node(), indexes.size());
      weights += member.weight();
    }
    long[] first = new long[indexes.size()];
    long[] copies = new long[indexes.size()];
    for (long hash : hashes) {
      List<N> owners = placement.ownersOfHash(hash);
      first[indexes.get(owners.get(0))]++;
      owners.forEach(owner -> copies[indexes.get(owner)]++);
    }
    List<MemberLoad> rows = new ArrayList<>();
    for (Member<N> member : placement.members()) {
      int i = indexes.get(member.node());
      double fair = hashes.length * member.weight() / weights;
      rows.add(new MemberLoad(member.id(), member.zone(), member.weight(), first[i], copies[i],
          fair == 0 ? 0 : first[i] / fair));
    }
    return new Balance(rows, hashes.length);
  }

  /** The part of the sampled keys whose first owner a change exchanges. */
  public static <N> double movedShare(RebalancePlan<N> plan, long[] hashes) {
    PlacementException.require(hashes.length > 0, "hashes", "none", "must hold one");
    long moved = 0;
    for (long hash : hashes) {
      moved += plan.before().ownerOfHash(hash).equals(plan.after().ownerOfHash(hash)) ? 0 : 1;
    }
    return (double) moved / hashes.length;
  }

  /** The largest load over the fair share. */
  public double maxOverMean() {
    return members.stream().mapToDouble(MemberLoad::overFairShare).max().orElseThrow();
  }

  /** The smallest load over the fair share, among members with weight. */
  public double minOverMean() {
    return members.stream().filter(row -> row.weight() > 0)
        .mapToDouble(MemberLoad::overFairShare).min().orElseThrow();
  }

  /** The report as text, one line per member. */
  public String table() {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
        "%-24s %-12s %12s %12s %8s\n", "member", "zone", "first", "copies", "of fair"));
    for (MemberLoad row : members) {
      text.append(String.format(Locale.ROOT, "%-24s %-12s %12d %12d %8.3f\n",
          row.id(), row.zone(), row.first(), row.copies(), row.overFairShare()));
    }
    return text.append(String.format(Locale.ROOT, "max/mean %.3f, min/mean %.3f, keys %d\n",
        maxOverMean(), minOverMean(), keys)).toString();
  }

  /**
   * A picture of a placement: the hash space as a circle, from 0 at the top clockwise, each of 720
   * pieces in the colour of the first owner of its first hash. For a ring, slots or Maglev.
   */
  public static String svg(Partitioner<?> placement) {
    StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\"><title>epoch %d, fingerprint %016x</title>\n",
        PICTURE_SIZE, PICTURE_SIZE, placement.epoch(), placement.fingerprint()));
    Map<Object, Integer> indexes = new HashMap<>();
    placement.members().forEach(member -> indexes.put(member.node(), indexes.size()));
    for (int i = 0; i < PICTURE_SEGMENTS; i++) {
      long hash = (long) (i * (0x1p63 / PICTURE_SEGMENTS)) << 1;
      int index = indexes.get(placement.ownerOfHash(hash));
      svg.append(arc(i, colour(index, indexes.size())));
    }
    int line = 0;
    for (Member<?> member : placement.members()) {
      if (line < 16) {
        svg.append(String.format(Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" font-size=\"14\" fill=\"%s\">%s</text>\n",
            PICTURE_SIZE / 2 - 60, PICTURE_SIZE / 2 - 130 + 18 * line,
            colour(line, indexes.size()), escape(member.id())));
      }
      line++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static String arc(int segment, String colour) {
    double from = 2 * Math.PI * segment / PICTURE_SEGMENTS;
    double to = 2 * Math.PI * (segment + 1) / PICTURE_SEGMENTS;
    double middle = PICTURE_SIZE / 2.0;
    return String.format(Locale.ROOT,
        "<path d=\"M%.2f %.2f A%.0f %.0f 0 0 1 %.2f %.2f\" stroke=\"%s\" stroke-width=\"60\""
            + " fill=\"none\"/>\n",
        middle + RADIUS * Math.sin(from), middle - RADIUS * Math.cos(from), RADIUS, RADIUS,
        middle + RADIUS * Math.sin(to), middle - RADIUS * Math.cos(to), colour);
  }

  private static String colour(int index, int count) {
    return "hsl(" + 360L * index / count + ",70%," + (index % 2 == 0 ? 45 : 60) + "%)";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
