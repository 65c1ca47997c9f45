package io.quorate.examples.platform;

/**
 * A serving replica answers at once that it cannot, while its health checks pass: to a balancer
 * that looks at speed alone it would be the best.
 */
final class ReplicaFailing extends ReplicaFault {
  ReplicaFailing(ServingNode replica, Platform platform) {
    super(replica, platform, 0.1);
  }

  @Override
  public String name() {
    return "replica failing fast";
  }

  @Override
  String harm() {
    replica.mood(ServingNode.Mood.FAILING);
    return "replica " + replica.id() + " fails fast, though its health checks pass";
  }

  @Override
  public String mend() throws Exception {
    replica.mood(ServingNode.Mood.WELL);
    awaitReturn();
    return replica.id() + " is well again";
  }
}
