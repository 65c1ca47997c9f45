package io.quorate.consensus.topic;

import io.quorate.consensus.ProcessGroup;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.Role;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.transport.Address;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;

/**
 * A node of {@link TopicProcessTest}: {@code ID DIRECTORY ID=ADDRESS...}. Answers each line of its
 * input with one of its output: {@code publish KEY FIRST COUNT}, {@code seen}, {@code role}.
 */
final class TopicProcess {
  private static final String TOPIC = "updates";

  private final ReplicatedTopics topics;
  private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

  private TopicProcess(List<String> arguments) {
    Map<NodeId, Address> cluster =
        ProcessGroup.members(arguments.subList(2, arguments.size()));
    NodeId self = NodeId.of(arguments.get(0));
    Environment environment =
        ProcessGroup.open(self, "topics", Path.of(arguments.get(1)), cluster);
    topics = ReplicatedTopics.open(Raft.open(environment), "topics", cluster.keySet());
  }

  public static void main(String[] arguments) throws Exception {
    TopicProcess process = new TopicProcess(List.of(arguments));
    System.out.println("ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(process.answer(line.split(" ")));
    }
    System.exit(0);
  }

  private String answer(String[] line) throws InterruptedException {
    try {
      return switch (line[0]) {
        case "subscribe" -> subscribe();
        case "publish" -> publish(line[1], Integer.parseInt(line[2]), Integer.parseInt(line[3]));
        case "seen" -> "seen " + String.join(",", List.copyOf(seen));
        default -> topics.node().status().role() == Role.LEADER ? "leader" : "follower";
      };
    } catch (ExecutionException e) {
      return "failed " + e.getCause();
    }
  }

  private String subscribe() throws ExecutionException, InterruptedException {
    topics.create(TOPIC, TopicOptions.of(TopicKind.DEDUP)).get();
    topics
        .subscribe(
            TOPIC,
            SubscribeOptions.defaults().withStart(StartPosition.EARLIEST),
            delivery ->
                seen.add(
                    delivery.message().key().orElseThrow() + ":" + delivery.message().text()))
        .get();
    return "subscribed";
  }

  /** Publishes numbers under their own sequences; answers with those that were acknowledged. */
  private String publish(String key, int first, int count) throws InterruptedException {
    List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
    for (int i = first; i < first + count; i++) {
      Message message = Message.of("" + i).withKey(key).withProducer("p-" + key, i);
      receipts.add(topics.publish(TOPIC, message));
    }
    List<Integer> acknowledged = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      try {
        receipts.get(i).get();
        acknowledged.add(first + i);
      } catch (ExecutionException e) {
        // Not acknowledged, which is what the answer then says.
        continue;
      }
    }
    return "acknowledged "
        + acknowledged.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
