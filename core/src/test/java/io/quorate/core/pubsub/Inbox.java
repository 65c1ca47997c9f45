package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A subscriber that writes down what it hears; for simulations, in one thread. */
public final class Inbox implements Subscriber {
  /** All that was delivered, in order. */
  public final List<Delivery> deliveries = new ArrayList<>();

  /** All gaps that were reported. */
  public final List<Gap> gaps = new ArrayList<>();

  /** Why the subscription has ended; empty while it has not. */
  public final List<String> closed = new ArrayList<>();

  private final Consumer<Delivery> action;

  /** Does nothing else. */
  public Inbox() {
    this(delivery -> {});
  }

  /** Does {@code action} with each delivery as well. */
  public Inbox(Consumer<Delivery> action) {
    this.action = action;
  }

  @Override
  public void onDelivery(Delivery delivery) {
    deliveries.add(delivery);
    action.accept(delivery);
  }

  @Override
  public void onGap(Gap gap) {
    gaps.add(gap);
  }

  @Override
  public void onClosed(String reason) {
    closed.add(reason);
  }

  /** The payloads as text. */
  public List<String> texts() {
    return deliveries.stream().map(delivery -> delivery.message().text()).toList();
  }
}
