package io.quorate.consensus.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures publishing to a topic with three subscribers, of this project and of peers, interleaved
 * in one process: {@code TopicBench DIRECTORY SECONDS ROUNDS [KAFKA-JARS]}. Prints the machine's
 * load and the time of an fsync beside each line.
 */
public final class TopicBench {
  private static final int[] DEPTHS = {64, 1_024, 4_096};
  private static final int BYTES = 100;

  /** Of each product at its first turn; until then the virtual machine compiles. */
  private static final double WARM_UP_SECONDS = 25;

  private TopicBench() {}

  /** How a product is started. */
  interface Start {
    TopicPeer start(Path directory) throws Exception;
  }

  record Entry(String name, Start start) {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    double seconds = Double.parseDouble(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry("quorate", QuorateTopicPeer::new));
    addPeers(entries, Arrays.asList(arguments).subList(3, arguments.length));
    for (int round = 0; round < rounds; round++) {
      for (Entry entry : entries) {
        double warmUp = round == 0 ? WARM_UP_SECONDS : seconds;
        measure(entry, directory.resolve(entry.name() + "-" + round), warmUp, seconds);
      }
    }
    System.exit(0);
  }

  /** Peers are on the class path only in the profile that brings them. */
  private static void addPeers(List<Entry> entries, List<String> arguments)
      throws ReflectiveOperationException {
    Class<?> peers;
    try {
      peers = Class.forName("io.quorate.consensus.bench.TopicPeers");
    } catch (ClassNotFoundException e) {
      return;
    }
    peers.getDeclaredMethod("addTo", List.class, List.class).invoke(null, entries, arguments);
  }

  private static void measure(Entry entry, Path directory, double warmUp, double seconds)
      throws Exception {
    Files.createDirectories(directory);
    System.out.printf(
        "%s  load %.1f  fsync p50 %.0f us%n",
        entry.name(), Load.loadAverage(), Disk.fsyncMicros(directory));
    byte[] payload = new byte[BYTES];
    try (TopicPeer peer = entry.start().start(directory)) {
      Load.run(1_024, warmUp, slot -> peer.publish(payload));
      for (int depth : DEPTHS) {
        long before = peer.delivered();
        Load.Outcome outcome = Load.run(depth, seconds, slot -> peer.publish(payload));
        System.out.printf(
            "  publish 100 B depth %4d  %s  delivered %,.0f/s%n",
            depth, outcome, (peer.delivered() - before) / seconds);
      }
    }
    Disk.delete(directory);
  }
}
