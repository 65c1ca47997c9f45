package io.quorate.core.membership;

import io.quorate.core.Text;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Pattern;

/**
 * How a node takes part in its cluster.
 *
 * @param cluster the cluster's name, 1 to 64 characters; gossip of other clusters is dropped
 * @param bind where to receive gossip; port 0 asks for any free port
 * @param advertise the host that others are to use; needed if {@code bind} means all addresses
 * @param seeds some members' gossip addresses; asked until one answers; empty for the first node
 * @param metadata what to say about this node
 * @param key shared by all members: authenticates every datagram with HMAC-SHA256; at least 16
 *     bytes
 * @param insecure whether to go without a key beyond this machine, where whoever reaches the port
 *     can claim to be any node
 * @param timing how fast
 */
public record MembershipOptions(
    String cluster,
    Address bind,
    Optional<String> advertise,
    List<Address> seeds,
    SortedMap<String, String> metadata,
    Optional<byte[]> key,
    boolean insecure,
    Timing timing) {
  private static final int MAX_CLUSTER_LENGTH = 64;
  private static final int MIN_KEY_BYTES = 16;
  private static final Pattern LOOPBACK = Pattern.compile("127\\.\\d+\\.\\d+\\.\\d+");

  public MembershipOptions {
    if (cluster == null || cluster.isBlank() || cluster.length() > MAX_CLUSTER_LENGTH) {
      throw new IllegalArgumentException(
          "cluster must be 1 to " + MAX_CLUSTER_LENGTH + " characters, was " + Text.quote(cluster));
    }
    boolean all = bind.host().equals("0.0.0.0") || bind.host().equals("::");
    if (all && advertise.isEmpty()) {
      throw new IllegalArgumentException(
          "advertise must say which host others are to use when bind is " + bind);
    }
    seeds = List.copyOf(seeds);
    metadata = Member.checked(metadata);
    key = key.map(byte[]::clone);
    if (key.isPresent() && key.get().length < MIN_KEY_BYTES) {
      throw new IllegalArgumentException(
          "key must be at least " + MIN_KEY_BYTES + " bytes, was " + key.get().length);
    }
  }

  /**
   * Options with the timing of a local network, no seeds, no metadata and no key; beyond this
   * machine they need {@link #withKey}, or {@link #unauthenticated} in so many words.
   *
   * @param bind one address, not all of them
   */
  public static MembershipOptions of(String cluster, Address bind) {
    return new MembershipOptions(
        cluster,
        bind,
        Optional.empty(),
        List.of(),
        Member.checked(Map.of()),
        Optional.empty(),
        false,
        Timing.lan());
  }

  public MembershipOptions withAdvertise(String host) {
    return new MembershipOptions(
        cluster, bind, Optional.of(host), seeds, metadata, key, insecure, timing);
  }

  public MembershipOptions withSeeds(List<Address> seeds) {
    return new MembershipOptions(cluster, bind, advertise, seeds, metadata, key, insecure, timing);
  }

  public MembershipOptions withMetadata(Map<String, String> metadata) {
    return new MembershipOptions(
        cluster, bind, advertise, seeds, Member.checked(metadata), key, insecure, timing);
  }

  public MembershipOptions withKey(byte[] key) {
    return new MembershipOptions(
        cluster, bind, advertise, seeds, metadata, Optional.of(key), insecure, timing);
  }

  /** Without a key, also beyond this machine: whoever reaches the port can claim to be any node. */
  public MembershipOptions unauthenticated() {
    return new MembershipOptions(
        cluster, bind, advertise, seeds, metadata, Optional.empty(), true, timing);
  }

  public MembershipOptions withTiming(Timing timing) {
    return new MembershipOptions(cluster, bind, advertise, seeds, metadata, key, insecure, timing);
  }

  @Override
  public Optional<byte[]> key() {
    return key.map(byte[]::clone);
  }

  /** Refuses to go beyond this machine without a key, unless told to. */
  void requireAuthenticated() {
    boolean loopback =
        LOOPBACK.matcher(bind.host()).matches()
            || Set.of("localhost", "::1").contains(bind.host());
    if (key.isEmpty() && !insecure && !loopback) {
      throw new IllegalArgumentException(
          "key must be given to take part at " + bind
              + ": withKey(...), or unauthenticated() in so many words");
    }
  }

  /** Without the key, which is a secret. */
  @Override
  public String toString() {
    return "MembershipOptions[cluster=" + cluster + ", bind=" + bind + ", seeds=" + seeds
        + ", metadata=" + metadata + ", timing=" + timing + "]";
  }

  /**
   * How fast the protocol runs. All members should have the same. Each interval is more than 0 and
   * at most an hour.
   *
   * @param probeInterval between two probes by one member
   * @param probeTimeout within what a healthy member answers; until a member that asks on behalf of
   *     another says that it heard nothing; less than {@code probeInterval}
   * @param indirectProbes how many others are asked; 0 to 16
   * @param gossipInterval between two rounds of gossip
   * @param gossipFanout members that each round goes to; 1 to 16
   * @param suspicionMultiplier the shortest suspicion, in probe intervals times log10 of the
   *     cluster's size, which counts as 100 at least; at least 2
   * @param syncInterval between two full exchanges with a random member; grows with clusters of
   *     more than 32 members
   * @param forgetAfter how long the dead and gone are remembered, so that old gossip cannot bring
   *     them back; at most ten years
   */
  public record Timing(
      Duration probeInterval,
      Duration probeTimeout,
      int indirectProbes,
      Duration gossipInterval,
      int gossipFanout,
      int suspicionMultiplier,
      Duration syncInterval,
      Duration forgetAfter) {
    private static final Duration LONGEST = Duration.ofHours(1);

    public Timing {
      requireUpTo(LONGEST, "probeInterval", probeInterval);
      requireUpTo(LONGEST, "probeTimeout", probeTimeout);
      requireUpTo(LONGEST, "gossipInterval", gossipInterval);
      requireUpTo(LONGEST, "syncInterval", syncInterval);
      requireUpTo(Duration.ofDays(3_653), "forgetAfter", forgetAfter);
      if (probeInterval.compareTo(probeTimeout) <= 0) {
        throw new IllegalArgumentException(
            "probeInterval must be more than probeTimeout " + probeTimeout + ", was "
                + probeInterval);
      }
      requireRange("indirectProbes", indirectProbes, 0, 16);
      requireRange("gossipFanout", gossipFanout, 1, 16);
      requireRange("suspicionMultiplier", suspicionMultiplier, 2, 100);
    }

    /** For members whose round trips take milliseconds: a dead one is known in 3 to 5 s. */
    public static Timing lan() {
      return new Timing(
          Duration.ofMillis(300),
          Duration.ofMillis(150),
          3,
          Duration.ofMillis(200),
          3,
          4,
          Duration.ofSeconds(30),
          Duration.ofHours(24));
    }

    /** For members on several continents: a dead one is known in some 15 to 60 s. */
    public static Timing wan() {
      return new Timing(
          Duration.ofSeconds(5),
          Duration.ofSeconds(3),
          3,
          Duration.ofMillis(500),
          4,
          6,
          Duration.ofSeconds(60),
          Duration.ofHours(24));
    }

    private static void requireUpTo(Duration longest, String name, Duration value) {
      if (value.isZero() || value.isNegative() || value.compareTo(longest) > 0) {
        throw new IllegalArgumentException(
            name + " must be more than 0 and at most " + longest + ", was " + value);
      }
    }

    private static void requireRange(String name, int value, int min, int max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            name + " must be " + min + " to " + max + ", was " + value);
      }
    }
  }
}
