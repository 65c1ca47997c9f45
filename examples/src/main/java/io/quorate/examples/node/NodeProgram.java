package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.core.storage.StorageException;
import io.quorate.core.transport.Address;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Runs one node until it is told to stop. */
@Command(
    name = "node",
    description = "One node of a cluster, with three stores over HTTP.",
    mixinStandardHelpOptions = true)
public final class NodeProgram implements Callable<Integer> {
  private static final int DAMAGED = 3;
  private static final long STOP_MILLIS = 9_000;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(names = "--id", required = true, description = "This node's id.")
  private String id;

  @Option(names = "--listen", required = true, description = "HOST:PORT for its peers.")
  private String listen;

  @Option(names = "--http", required = true, description = "HOST:PORT for users.")
  private String http;

  @Option(names = "--dir", required = true, description = "Its data; made if need be.")
  private Path directory;

  @Option(
      names = "--cluster",
      description = "Every member as this node dials it: n1=HOST:PORT,n2=HOST:PORT,...")
  private String cluster;

  @Option(
      names = "--join",
      description = {
        "Instead of --cluster: HOST:PORT,... where members of a running cluster serve users.",
        "This node is added to it. DELETE /cluster/ID at any member takes a node out again."
      })
  private String join;

  @Override
  public Integer call() throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    NodeOptions options = options();
    AtomicReference<Node> running = new AtomicReference<>();
    Thread stop = new Thread(() -> stop(running.get()), "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    Node node;
    try {
      Files.createDirectories(directory);
      node = Node.start(options, line -> println(out, line), e -> fail(err, e));
      running.set(node);
    } catch (StorageException e) {
      Runtime.getRuntime().removeShutdownHook(stop);
      err.println(oneLine(e));
      return DAMAGED;
    } catch (IOException | RuntimeException e) {
      Runtime.getRuntime().removeShutdownHook(stop);
      throw new ParameterException(spec.commandLine(), oneLine(e), e);
    }
    println(out, "ready id=" + options.id() + " http=" + node.httpAddress());
    new CountDownLatch(1).await();
    return 0;
  }

  private NodeOptions options() {
    try {
      return new NodeOptions(
          NodeId.of(id),
          Address.parse(listen),
          Address.parse(http),
          directory,
          cluster == null ? new TreeMap<>() : NodeOptions.parseCluster(cluster),
          join == null ? List.of() : NodeOptions.parseAddresses(join));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** A JVM that ends by a signal would exit with 128 and more: ours has stopped in order. */
  private static void stop(Node node) {
    if (node != null) {
      Thread closing = new Thread(node::close, "close");
      closing.setDaemon(true);
      closing.start();
      try {
        // What was acknowledged is on disk: who is slow to let go is left behind.
        closing.join(STOP_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    Runtime.getRuntime().halt(0);
  }

  /** Damage that shows only while the node runs ends it as damage at its start does. */
  private static void fail(PrintWriter err, StorageException damage) {
    err.println(oneLine(damage));
    err.flush();
    Runtime.getRuntime().halt(DAMAGED);
  }

  private static void println(PrintWriter out, String line) {
    out.println(line);
    out.flush();
  }

  private static String oneLine(Throwable failure) {
    Throwable cause = failure;
    while (cause.getMessage() == null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage()).replace('\n', ' ');
  }
}
