package io.quorate.core.pubsub;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sequences of recent messages by producer, so that a message published again is recognised. Of
 * each producer a window of sequences is kept; what lies below it can neither be stored nor be
 * called stored.
 */
final class Dedup {
  /** One producer's window. */
  static final class Producer {
    /** Receipts by sequence. */
    final TreeMap<Long, Receipt> recent = new TreeMap<>();

    /** The highest sequence that was forgotten; -1 if none was. */
    long forgotten = -1;
  }

  private final int window;
  private final int maxProducers;

  /** The one that was silent for longest first. */
  private final Map<String, Producer> producers = new LinkedHashMap<>();

  Dedup(int window, int maxProducers) {
    this.window = window;
    this.maxProducers = maxProducers;
  }

  /** What became of {@code message} before; null if it is new. */
  Outcome former(ProducerSequence id) {
    Producer producer = producers.get(id.producer());
    if (producer == null) {
      return null;
    }
    Receipt stored = producer.recent.get(id.sequence());
    if (stored != null) {
      return new Outcome.Stored(new Receipt(stored.partition(), stored.sequence(), true));
    }
    if (id.sequence() <= producer.forgotten) {
      return Outcome.refused(
          Refusal.Code.STALE_SEQUENCE,
          "sequence " + id.sequence() + " of producer " + id.producer()
              + " is older than the last " + window + " that are remembered");
    }
    return null;
  }

  /** Remembers that {@code id} is stored. */
  void remember(ProducerSequence id, Receipt receipt) {
    Producer producer = producers.remove(id.producer());
    if (producer == null) {
      producer = new Producer();
      if (producers.size() >= maxProducers) {
        producers.remove(producers.keySet().iterator().next());
      }
    }
    producers.put(id.producer(), producer);
    producer.recent.put(id.sequence(), receipt);
    if (producer.recent.size() > window) {
      producer.forgotten = Math.max(producer.forgotten, producer.recent.pollFirstEntry().getKey());
    }
  }

  /** In the order in which they are forgotten. */
  Map<String, Producer> producers() {
    return producers;
  }
}
