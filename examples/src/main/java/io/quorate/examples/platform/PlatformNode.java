package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.examples.training.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A node of the platform, over a real socket and a real directory, that can be killed and started
 * again. Safe for use by many threads.
 */
abstract class PlatformNode implements AutoCloseable {
  private final NodeId id;
  private final String region;
  private final Wiring wiring;
  private final Path directory;
  private volatile Environment environment;

  PlatformNode(NodeId id, String region, Wiring wiring, Path root) {
    this.id = id;
    this.region = region;
    this.wiring = wiring;
    this.directory = root.resolve(id.value());
  }

  final NodeId id() {
    return id;
  }

  final String region() {
    return region;
  }

  /** Its files, and nobody else's. */
  final Path directory() {
    return directory;
  }

  final boolean isUp() {
    return environment != null;
  }

  /** Whether others can reach it. */
  final boolean isCut() {
    return wiring.isCut(id);
  }

  /**
   * Starts on the files that are there, and waits until it takes part. Does nothing if it is up.
   *
   * @throws Exception as whatever the node opens fails; it is down then
   */
  final synchronized void start() throws Exception {
    if (environment != null) {
      return;
    }
    Environment opening = environment(id, directory);
    try {
      wiring.add(opening);
      open(opening);
      environment = opening;
    } catch (Exception e) {
      wiring.remove(id);
      opening.close();
      throw e;
    }
  }

  /** Opens what the node is made of. */
  abstract void open(Environment environment) throws Exception;

  /** Ends it at once: nothing is said to anybody, nothing is written any more. */
  final synchronized void kill() {
    Environment killed = environment;
    if (killed != null) {
      environment = null;
      wiring.remove(id);
      killed.close();
    }
  }

  /** Throws its files away, as if the disk had been replaced. The node must be down. */
  final void wipe() throws IOException {
    new TemporaryDirectory(directory).close();
  }

  @Override
  public final void close() {
    kill();
  }

  static Environment environment(NodeId id, Path directory) {
    return Environment.real(
        EnvironmentOptions.of(id, "platform")
            .withListen(new Address("127.0.0.1", 0))
            .insecure()
            .withDataDirectory(directory));
  }
}
