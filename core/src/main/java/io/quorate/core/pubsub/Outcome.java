package io.quorate.core.pubsub;

import io.quorate.core.codec.Codec;
import java.util.List;
import java.util.Objects;

/** What became of one thing that a {@link BrokerCommand} asked for. */
public sealed interface Outcome {
  /** The outcomes of one command. Versioned. */
  Codec<List<Outcome>> CODEC = new OutcomesCodec();

  /** It is done. */
  Outcome DONE = new Done();

  /** It is done. */
  record Done() implements Outcome {}

  /** The message is stored. */
  record Stored(Receipt receipt) implements Outcome {
    public Stored {
      Objects.requireNonNull(receipt, "receipt");
    }
  }

  /**
   * The subscription is there.
   *
   * @param places where it is in topics that it has to itself; none for a member of a group
   */
  record Subscribed(StartPosition.Resume places) implements Outcome {
    public Subscribed {
      Objects.requireNonNull(places, "places");
    }
  }

  /**
   * The message is not settled: it comes again, or was given up.
   *
   * @param nextTag deliveries of its key with lower tags were made before, and may not count
   */
  record PutBack(long nextTag) implements Outcome {}

  /**
   * Of several deliveries that were settled together some did not count any more; the others are
   * done.
   *
   * @param tags of those that did not count, ascending
   */
  record PartlyFenced(List<Long> tags) implements Outcome {
    public PartlyFenced {
      tags = List.copyOf(tags);
    }
  }

  /** The topic is there. */
  record Described(TopicOptions options) implements Outcome {
    public Described {
      Objects.requireNonNull(options, "options");
    }
  }

  /** It is not done. */
  record Refused(Refusal refusal) implements Outcome {
    public Refused {
      Objects.requireNonNull(refusal, "refusal");
    }
  }

  /** Not done, for {@code code}. */
  static Outcome refused(Refusal.Code code, String text) {
    return new Refused(new Refusal(code, text));
  }
}
