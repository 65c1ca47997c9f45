package io.quorate.examples.platform;

/** A serving replica takes ten times as long and more, and never fails. */
final class ReplicaSlow extends ReplicaFault {
  ReplicaSlow(ServingNode replica, Platform platform) {
    super(replica, platform, 0.33);
  }

  @Override
  public String name() {
    return "replica 10x slow";
  }

  @Override
  String harm() {
    replica.mood(ServingNode.Mood.SLOW);
    return "replica " + replica.id() + " takes "
        + ServingNode.SLOWNESS.toMillis() + " ms longer, more than ten times as long";
  }

  @Override
  public String mend() {
    replica.mood(ServingNode.Mood.WELL);
    return replica.id() + " is as fast as before";
  }
}
