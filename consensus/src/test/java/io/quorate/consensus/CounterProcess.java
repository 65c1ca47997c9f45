package io.quorate.consensus;

import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.Read;
import io.quorate.consensus.raft.Role;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;

/** A node of {@link ProcessTest}: answers each line of its input with one of its output. */
final class CounterProcess {
  private CounterProcess() {}

  public static void main(String[] arguments) throws Exception {
    RaftNode<Long, Long, CounterExample> node =
        CounterExample.start(
            arguments[0], arguments[1], Arrays.copyOfRange(arguments, 2, arguments.length));
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    System.out.println("ready");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(answer(node, line));
    }
    System.exit(0);
  }

  private static String answer(RaftNode<Long, Long, CounterExample> node, String line)
      throws InterruptedException {
    try {
      return switch (line) {
        case "add" -> "sum " + node.submit(1L).get();
        case "read" -> "value " + node.read(machine -> machine.value, Read.LINEARIZABLE).get();
        default -> node.status().role() == Role.LEADER ? "leader" : "follower";
      };
    } catch (ExecutionException e) {
      return "failed " + e.getCause();
    }
  }
}
