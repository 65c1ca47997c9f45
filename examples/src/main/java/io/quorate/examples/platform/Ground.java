package io.quorate.examples.platform;

import io.quorate.examples.training.TemporaryDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The directory that the platform stands on. One of its own making is gone when it is closed, also
 * when the process is interrupted; a user's stays.
 */
final class Ground implements AutoCloseable {
  private static final int INTERRUPTED = 130;
  private static final long TIDY_SECONDS = 10;

  private final Path path;
  private final boolean isOurs;
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final CountDownLatch tidy = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onInterrupt, "interrupt");
  private volatile int exitCode = INTERRUPTED;

  private Ground(Path path, boolean isOurs) {
    this.path = path;
    this.isOurs = isOurs;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * A fresh directory, or {@code wanted} if it is not null.
   *
   * @throws IOException if {@code wanted} holds something or cannot be written
   */
  static Ground prepare(Path wanted) throws IOException {
    if (wanted == null) {
      return new Ground(Files.createTempDirectory("quorate-platform"), true);
    }
    if (Files.exists(wanted) && !Files.isDirectory(wanted)) {
      throw new IOException("--dir is no directory: " + wanted);
    }
    try {
      Files.createDirectories(wanted);
    } catch (IOException e) {
      throw new IOException("--dir cannot be made: " + wanted, e);
    }
    try (Stream<Path> content = Files.list(wanted)) {
      if (content.findAny().isPresent()) {
        throw new IOException("--dir must be empty, it holds files already: " + wanted);
      }
    }
    if (!Files.isWritable(wanted)) {
      throw new IOException("--dir cannot be written: " + wanted);
    }
    return new Ground(wanted, false);
  }

  Path path() {
    return path;
  }

  /** Returns once the process is told to stop; it ends with {@code code} once this is closed. */
  void awaitInterrupt(int code) throws InterruptedException {
    exitCode = code;
    interrupted.await();
  }

  /** Runs as the process ends by a signal. */
  private void onInterrupt() {
    interrupted.countDown();
    try {
      if (exitCode == INTERRUPTED) {
        delete();
      } else if (!tidy.await(TIDY_SECONDS, TimeUnit.SECONDS)) {
        delete();
      }
    } catch (IOException | UncheckedIOException e) {
      // Nodes that still write may be faster; the system's temporary files are swept anyway.
      System.err.println("left behind: " + path);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(exitCode);
  }

  private void delete() throws IOException {
    if (isOurs && Files.exists(path)) {
      new TemporaryDirectory(path).close();
    }
  }

  @Override
  public void close() throws IOException {
    delete();
    tidy.countDown();
    if (interrupted.getCount() > 0) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
