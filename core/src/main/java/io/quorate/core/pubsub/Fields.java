package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The values that commands, effects and snapshots are made of.
 *
 * <pre>
 * Message    text key | varint headers | (text name | text value)* | bool producer?
 *            | [text producer | varint sequence] | block payload
 * Options    int8 kind | varint partitions | varint maxMessages | varint maxBytes
 *            | varint maxAgeMillis | bool compacted | int8 overflow | varint maxDeliveries
 *            | varint ackTimeoutMillis | varint maxUnsettled | text deadLetterTopic
 *            | varint maxMessageBytes | varint dedupWindow | varint maxProducers
 * Start      int8 0 latest, 1 earliest, 2 retained, 3 sequence, 4 since, 5 resume
 *            | [varint sequence or ageMillis] | [varint topics | (text topic | varint epoch
 *            | varint places | (varint partition | varint floor | varint next)*)*]
 * ReplyTo    text session | varint correlation
 * </pre>
 *
 * Texts and blocks are a varint length and bytes; an absent text is empty.
 */
final class Fields {
  /** UTF-8 takes at most three bytes for each character of a string. */
  private static final int MAX_NAME_BYTES = 3 * 200;

  private Fields() {}

  /** What {@code make} makes of bytes from outside; what it refuses is malformed. */
  static <T> T checked(ByteReader in, Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw in.malformed(e.getMessage());
    }
  }

  static void version(ByteReader in, int known, String what) {
    int version = in.uint8();
    if (version != known) {
      throw new MalformedException(what + " of version " + version + ", known is " + known);
    }
  }

  static <E extends Enum<E>> E constant(ByteReader in, E[] values) {
    int ordinal = in.uint8();
    if (ordinal >= values.length) {
      throw in.malformed("no constant " + ordinal + " of " + values[0].getClass().getSimpleName());
    }
    return values[ordinal];
  }

  static String name(ByteReader in) {
    return in.text(MAX_NAME_BYTES, "name");
  }

  static void write(ByteWriter out, Message message) {
    out.text(message.rawKey()).varint(message.headers().size());
    message.headers().forEach((name, value) -> out.text(name).text(value));
    write(out, message.producer());
    out.block(message.rawPayload());
  }

  static void write(ByteWriter out, Optional<ProducerSequence> producer) {
    out.bool(producer.isPresent());
    producer.ifPresent(id -> out.text(id.producer()).varint(id.sequence()));
  }

  static Optional<ProducerSequence> producer(ByteReader in) {
    return in.bool()
        ? Optional.of(checked(in, () -> new ProducerSequence(name(in), in.varint())))
        : Optional.empty();
  }

  static Message message(ByteReader in) {
    String key = in.text(3 * Message.MAX_KEY_LENGTH, "key");
    int count = in.count(2, "headers");
    // A few more than a publisher may give, for a dead letter's reason.
    if (count > 2 * Message.MAX_HEADERS) {
      throw in.malformed(count + " headers");
    }
    SortedMap<String, String> headers = count == 0 ? Message.NO_HEADERS : headers(in, count);
    ProducerSequence producer = producer(in).orElse(null);
    return Message.owning(key, headers, in.block(), producer);
  }

  private static SortedMap<String, String> headers(ByteReader in, int count) {
    SortedMap<String, String> headers = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      String name = in.text(3 * Message.MAX_HEADER_LENGTH, "header name");
      headers.put(name, in.text(3 * Message.MAX_HEADER_LENGTH, "header"));
    }
    return Collections.unmodifiableSortedMap(headers);
  }

  static void write(ByteWriter out, TopicOptions options) {
    Retention retention = options.retention();
    Redelivery redelivery = options.redelivery();
    out.int8(options.kind().ordinal())
        .varint(options.partitions())
        .varint(retention.maxMessages())
        .varint(retention.maxBytes())
        .varint(retention.maxAge().toMillis())
        .bool(retention.compacted())
        .int8(options.overflow().ordinal())
        .varint(redelivery.maxDeliveries())
        .varint(redelivery.ackTimeout().toMillis())
        .varint(redelivery.maxUnsettled())
        .text(redelivery.deadLetterTopic().orElse(""))
        .varint(options.maxMessageBytes())
        .varint(options.dedupWindow())
        .varint(options.maxProducers());
  }

  static TopicOptions options(ByteReader in) {
    return checked(
        in,
        () -> {
          TopicKind kind = constant(in, TopicKind.values());
          int partitions = number(in);
          Retention retention =
              new Retention(number(in), in.varint(), Duration.ofMillis(in.varint()), in.bool());
          Overflow overflow = constant(in, Overflow.values());
          Redelivery redelivery =
              new Redelivery(
                  number(in), Duration.ofMillis(in.varint()), number(in), optionalName(in));
          return new TopicOptions(
              kind, partitions, retention, overflow, redelivery, number(in), number(in),
              number(in));
        });
  }

  static int number(ByteReader in) {
    return in.varint(Integer.MAX_VALUE, "number");
  }

  static Optional<String> optionalName(ByteReader in) {
    String name = name(in);
    return name.isEmpty() ? Optional.empty() : Optional.of(name);
  }

  static void write(ByteWriter out, StartPosition start) {
    if (start instanceof StartPosition.Latest) {
      out.int8(0);
    } else if (start instanceof StartPosition.Earliest) {
      out.int8(1);
    } else if (start instanceof StartPosition.Retained) {
      out.int8(2);
    } else if (start instanceof StartPosition.FromSequence from) {
      out.int8(3).varint(from.sequence());
    } else if (start instanceof StartPosition.Since since) {
      out.int8(4).varint(since.age().toMillis());
    } else if (start instanceof StartPosition.Resume resume) {
      out.int8(5).varint(resume.topics().size());
      resume.topics().forEach((topic, place) -> write(out.text(topic), place));
    } else {
      throw new AssertionError("unhandled start " + start);
    }
  }

  private static void write(ByteWriter out, StartPosition.Place place) {
    out.varint(place.epoch()).varint(place.partitions().size());
    place.partitions().forEach(
        (partition, spot) -> out.varint(partition).varint(spot.floor()).varint(spot.next()));
  }

  private static StartPosition resume(ByteReader in) {
    SortedMap<String, StartPosition.Place> topics = new TreeMap<>();
    for (int i = in.count(3, "topics"); i > 0; i--) {
      String topic = name(in);
      long epoch = in.varint();
      SortedMap<Integer, StartPosition.Spot> spots = new TreeMap<>();
      for (int j = in.count(3, "places"); j > 0; j--) {
        spots.put(number(in), new StartPosition.Spot(in.varint(), in.varint()));
      }
      topics.put(topic, new StartPosition.Place(epoch, spots));
    }
    return new StartPosition.Resume(topics);
  }

  static StartPosition start(ByteReader in) {
    int kind = in.uint8();
    return switch (kind) {
      case 0 -> StartPosition.LATEST;
      case 1 -> StartPosition.EARLIEST;
      case 2 -> StartPosition.RETAINED;
      case 3 -> new StartPosition.FromSequence(in.varint());
      case 4 -> new StartPosition.Since(Duration.ofMillis(in.varint()));
      case 5 -> resume(in);
      default -> throw in.malformed("no start position " + kind);
    };
  }

  static void write(ByteWriter out, ReplyTo replyTo) {
    out.text(replyTo.session()).varint(replyTo.correlation());
  }

  static ReplyTo replyTo(ByteReader in) {
    return new ReplyTo(name(in), in.varint());
  }
}
