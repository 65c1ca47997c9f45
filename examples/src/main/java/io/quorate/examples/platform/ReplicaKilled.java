package io.quorate.examples.platform;

/** A serving replica is killed. */
final class ReplicaKilled extends ReplicaFault {
  ReplicaKilled(ServingNode replica, Platform platform) {
    super(replica, platform, 0.1);
  }

  @Override
  public String name() {
    return "replica killed";
  }

  @Override
  String harm() {
    replica.kill();
    return "replica " + replica.id() + " is killed";
  }

  @Override
  public String mend() throws Exception {
    replica.start();
    awaitReturn();
    return replica.id() + " is back, with model " + replica.version();
  }
}
