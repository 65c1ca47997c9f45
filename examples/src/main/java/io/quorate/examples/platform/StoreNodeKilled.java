package io.quorate.examples.platform;

import java.time.Duration;

/** A node of the feature store is killed; overcome when a key that it holds is written. */
final class StoreNodeKilled implements Fault {
  private final StoreNode node;
  private final Ledger ledger;
  private long struckNanos;

  StoreNodeKilled(StoreNode node, Ledger ledger) {
    this.node = node;
    this.ledger = ledger;
  }

  @Override
  public String name() {
    return "store node killed";
  }

  @Override
  public Duration limit() {
    return Duration.ofSeconds(2);
  }

  @Override
  public String strike() {
    node.kill();
    struckNanos = System.nanoTime();
    return "store node " + node.id() + " is killed";
  }

  @Override
  public boolean isOvercome() {
    return ledger.hasWrittenFeatureSince(struckNanos, node);
  }

  @Override
  public String mend() throws Exception {
    node.start();
    return node.id() + " is back, and gets what it has missed from its peers";
  }
}
