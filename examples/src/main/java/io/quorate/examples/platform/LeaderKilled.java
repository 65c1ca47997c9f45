package io.quorate.examples.platform;

import java.time.Duration;

/** The leader of the strongly consistent store is killed; overcome when a write is acknowledged. */
final class LeaderKilled implements Fault {
  private static final Duration ELECTION = Duration.ofSeconds(30);

  private final Platform platform;
  private final Ledger ledger;
  private ControlNode leader;
  private long struckNanos;

  LeaderKilled(Platform platform, Ledger ledger) {
    this.platform = platform;
    this.ledger = ledger;
  }

  @Override
  public String name() {
    return "Raft leader killed";
  }

  @Override
  public Duration limit() {
    return Duration.ofSeconds(2);
  }

  @Override
  public String strike() throws Exception {
    Waiting.until(
        () -> platform.liveControls().anyMatch(ControlNode::leadsFacts), ELECTION, "an election");
    leader = platform.liveControls().filter(ControlNode::leadsFacts).findFirst().orElseThrow();
    leader.kill();
    struckNanos = System.nanoTime();
    return leader.id() + ", the leader of the strong store, is killed";
  }

  @Override
  public boolean isOvercome() {
    return ledger.hasWrittenFactSince(struckNanos);
  }

  @Override
  public String mend() throws Exception {
    leader.start();
    return leader.id() + " is back and follows";
  }
}
