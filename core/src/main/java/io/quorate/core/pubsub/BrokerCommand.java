package io.quorate.core.pubsub;

import io.quorate.core.Text;
import io.quorate.core.codec.Codec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What a {@link BrokerCore} can be told. Those that may be repeated say so. */
public sealed interface BrokerCommand {
  /** Versioned; a command it does not know is malformed. */
  Codec<BrokerCommand> CODEC = new BrokerCommandCodec();

  /** Creates a topic; may be repeated. */
  record Create(String topic, TopicOptions options) implements BrokerCommand {
    public Create {
      TopicPattern.requireTopic(topic);
      Objects.requireNonNull(options, "options");
    }
  }

  /** Asks for the options of a topic. */
  record Describe(String topic) implements BrokerCommand {
    public Describe {
      TopicPattern.requireTopic(topic);
    }
  }

  /** Forgets a group without members; refused if there is none. */
  record DropGroup(String topic, String group) implements BrokerCommand {
    public DropGroup {
      TopicPattern.requireTopic(topic);
      Text.requireName("group", group);
    }
  }

  /**
   * Stores messages in order; one outcome for each. May be repeated on DEDUP topics.
   *
   * @param stamp the sequence of the first message, and by counting on of each other, on a DEDUP
   *     topic; a message's own comes first
   */
  record Publish(String topic, Optional<ProducerSequence> stamp, List<Message> messages)
      implements BrokerCommand {
    public Publish {
      TopicPattern.requireTopic(topic);
      Objects.requireNonNull(stamp, "stamp");
      messages = List.copyOf(messages);
    }
  }

  /** Stores a message whose answer goes to {@code replyTo}, if anybody is subscribed. */
  record Ask(String topic, Message message, ReplyTo replyTo) implements BrokerCommand {
    public Ask {
      TopicPattern.requireTopic(topic);
      Objects.requireNonNull(message, "message");
      Objects.requireNonNull(replyTo, "replyTo");
    }
  }

  /** Sends an answer to who has asked. */
  record Answer(ReplyTo replyTo, Message message) implements BrokerCommand {
    public Answer {
      Objects.requireNonNull(replyTo, "replyTo");
      Objects.requireNonNull(message, "message");
    }
  }

  /**
   * Opens a session, or renews it; may be repeated. Effects for its subscriptions name it.
   *
   * @param session unique for ever; a {@linkplain Text#requireName name}
   * @param leaseMillis without a sign of life after which it ends; 1 to a day
   */
  record OpenSession(String session, long leaseMillis) implements BrokerCommand {
    private static final long MAX_LEASE_MILLIS = 86_400_000;

    public OpenSession {
      Text.requireName("session", session);
      if (leaseMillis < 1 || leaseMillis > MAX_LEASE_MILLIS) {
        throw new IllegalArgumentException("leaseMillis must be 1 to a day, was " + leaseMillis);
      }
    }
  }

  /** A sign of life; may be repeated. */
  record KeepAlive(String session) implements BrokerCommand {
    public KeepAlive {
      Objects.requireNonNull(session, "session");
    }
  }

  /** Ends a session and all its subscriptions; may be repeated. */
  record CloseSession(String session) implements BrokerCommand {
    public CloseSession {
      Objects.requireNonNull(session, "session");
    }
  }

  /**
   * Hands out again, with the same tags, what the session has not settled: effects may have been
   * lost. May be repeated, for a tag that is known already says nothing new.
   */
  record Resume(String session) implements BrokerCommand {
    public Resume {
      Objects.requireNonNull(session, "session");
    }
  }

  /**
   * Subscribes; may be repeated.
   *
   * @param subscription the session's number for it; never used again
   * @param credits deliveries that may be outstanding
   */
  record Subscribe(
      String session,
      long subscription,
      TopicPattern pattern,
      Optional<String> group,
      StartPosition start,
      int credits)
      implements BrokerCommand {
    public Subscribe {
      Objects.requireNonNull(session, "session");
      Objects.requireNonNull(pattern, "pattern");
      Objects.requireNonNull(start, "start");
      group.ifPresent(name -> Text.requireName("group", name));
      if (credits < 1 || credits > SubscribeOptions.MAX_CREDITS) {
        throw new IllegalArgumentException("credits must be 1 to 65,536, was " + credits);
      }
    }
  }

  /** Ends a subscription; may be repeated. */
  record Unsubscribe(String session, long subscription) implements BrokerCommand {
    public Unsubscribe {
      Objects.requireNonNull(session, "session");
    }
  }

  /** Settles deliveries in order; one outcome for each. A repeated one is fenced. */
  record Settle(String session, List<Settlement> settlements) implements BrokerCommand {
    public Settle {
      Objects.requireNonNull(session, "session");
      settlements = List.copyOf(settlements);
    }
  }

  /** Only time has passed. */
  record Tick() implements BrokerCommand {}

  /**
   * What a subscriber says of a delivery, or of several that follow each other.
   *
   * @param tag as in {@link BrokerEffect.Deliver}
   * @param count of deliveries, with the tags {@code [tag, tag + count)}; 1 unless it is an ACK. 1
   *     to 65,536
   * @param delayMillis of a NACK, until the message comes again; 0 to 365 days
   * @param reason of a NACK or REJECT, for people; at most 1,024 characters are kept
   */
  record Settlement(
      long subscription, long tag, int count, Verdict verdict, long delayMillis, String reason) {
    static final int MAX_COUNT = 65_536;
    private static final int MAX_REASON = 1_024;
    private static final long MAX_DELAY_MILLIS = 365L * 86_400_000;

    public Settlement {
      Objects.requireNonNull(verdict, "verdict");
      if (count < 1 || count > (verdict == Verdict.ACK ? MAX_COUNT : 1)) {
        throw new IllegalArgumentException("count of " + verdict + " was " + count);
      }
      if (delayMillis < 0 || delayMillis > MAX_DELAY_MILLIS) {
        throw new IllegalArgumentException(
            "delayMillis must be 0 to 365 days, was " + delayMillis);
      }
      reason = reason.length() <= MAX_REASON ? reason : reason.substring(0, MAX_REASON);
    }

    /** Of one delivery. */
    Settlement(long subscription, long tag, Verdict verdict, long delayMillis, String reason) {
      this(subscription, tag, 1, verdict, delayMillis, reason);
    }

    static Settlement ack(long subscription, long tag) {
      return acks(subscription, tag, 1);
    }

    static Settlement acks(long subscription, long tag, int count) {
      return new Settlement(subscription, tag, count, Verdict.ACK, 0, "");
    }
  }

  /** The order of these is part of the wire format. */
  enum Verdict {
    /** The message is done with. */
    ACK,
    /** It is to come again. */
    NACK,
    /** It is to be given up. */
    REJECT,
    /** It was not looked at: it comes again, and that does not count as a failure. */
    RELEASE
  }
}
