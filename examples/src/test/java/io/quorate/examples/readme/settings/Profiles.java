package io.quorate.examples.readme.settings;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.examples.readme.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One real node, whose peers are not there. */
public abstract class Profiles extends Setting {
  private final Path directory = temporary();

  protected final NodeId n1 = NodeId.of("n1");
  protected final NodeId n2 = NodeId.of("n2");
  protected final NodeId n3 = NodeId.of("n3");
  protected final NodeId n4 = NodeId.of("n4");
  protected final Logger log = LoggerFactory.getLogger(Profiles.class);
  protected final byte[] bytes = {1};
  protected final Environment environment =
      Environment.real(
          EnvironmentOptions.of(n1, "snippet")
              .withListen(new Address("127.0.0.1", 0))
              .withDataDirectory(directory));

  private static Path temporary() {
    try {
      return Files.createTempDirectory("quorate-snippet");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void after() throws IOException {
    environment.close();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
