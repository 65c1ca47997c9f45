package io.quorate.core.pubsub;

import io.quorate.core.Text;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What is published: a payload, and a key, headers and a producer's sequence. Immutable. */
public final class Message {
  static final int MAX_KEY_LENGTH = 1_024;
  static final int MAX_HEADERS = 64;
  static final int MAX_HEADER_LENGTH = 4_096;

  static final SortedMap<String, String> NO_HEADERS =
      Collections.unmodifiableSortedMap(new TreeMap<>());

  private final String key;
  private final SortedMap<String, String> headers;
  private final byte[] payload;
  private final ProducerSequence producer;
  private final int sizeBytes;

  private Message(
      String key, SortedMap<String, String> headers, byte[] payload, ProducerSequence producer) {
    this.key = key;
    this.headers = headers;
    this.payload = payload;
    this.producer = producer;
    int size = key.length() + payload.length;
    if (!headers.isEmpty()) {
      for (var header : headers.entrySet()) {
        size += header.getKey().length() + header.getValue().length();
      }
    }
    this.sizeBytes = size;
  }

  /** A message without key and headers; {@code payload} is copied. */
  public static Message of(byte[] payload) {
    return new Message("", NO_HEADERS, payload.clone(), null);
  }

  /** A message whose payload is {@code text} in UTF-8. */
  public static Message of(String text) {
    return new Message("", NO_HEADERS, text.getBytes(StandardCharsets.UTF_8), null);
  }

  /** A message without payload, which deletes {@code key} from a compacted topic. */
  public static Message tombstone(String key) {
    return of(new byte[0]).withKey(key);
  }

  /** As {@link #of(byte[])}, for who gives {@code payload} away. */
  static Message owning(
      String key, SortedMap<String, String> headers, byte[] payload, ProducerSequence producer) {
    return new Message(key, headers, payload, producer);
  }

  /**
   * With {@code key}: messages of one key stay in order.
   *
   * @param key 1 to 1,024 characters
   */
  public Message withKey(String key) {
    if (key.isEmpty() || key.length() > MAX_KEY_LENGTH) {
      throw new IllegalArgumentException(
          "key must have 1 to " + MAX_KEY_LENGTH + " characters, was " + Text.quote(key));
    }
    return new Message(key, headers, payload, producer);
  }

  /**
   * With one header more, or another value of it; at most 64 of 4,096 characters each.
   *
   * @throws IllegalArgumentException if there are too many or one is too long
   */
  public Message withHeader(String name, String value) {
    Objects.requireNonNull(value, "value");
    if (name.isEmpty() || name.length() > MAX_HEADER_LENGTH || value.length() > MAX_HEADER_LENGTH) {
      throw new IllegalArgumentException(
          "a header must have a name and at most " + MAX_HEADER_LENGTH + " characters: "
              + Text.quote(name));
    }
    SortedMap<String, String> more = new TreeMap<>(headers);
    more.put(name, value);
    if (more.size() > MAX_HEADERS) {
      throw new IllegalArgumentException("more than " + MAX_HEADERS + " headers");
    }
    return relabelled(more);
  }

  /** With the sequence by which a repeated message is recognised on a DEDUP topic. */
  public Message withProducer(String producer, long sequence) {
    return new Message(key, headers, payload, new ProducerSequence(producer, sequence));
  }

  Message relabelled(SortedMap<String, String> headers) {
    return new Message(key, Collections.unmodifiableSortedMap(headers), payload, producer);
  }

  Message withoutProducer() {
    return producer == null ? this : new Message(key, headers, payload, null);
  }

  /** What messages are kept in order by; empty if there is none. */
  public Optional<String> key() {
    return key.isEmpty() ? Optional.empty() : Optional.of(key);
  }

  /** Sorted by name; not modifiable. */
  public SortedMap<String, String> headers() {
    return headers;
  }

  /** The payload, to be read only; not a copy. */
  public ByteBuffer payload() {
    return ByteBuffer.wrap(payload).asReadOnlyBuffer();
  }

  /** A copy of the payload. */
  public byte[] bytes() {
    return payload.clone();
  }

  /** The payload as UTF-8 text. */
  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  public Optional<ProducerSequence> producer() {
    return Optional.ofNullable(producer);
  }

  /** Characters of key and headers, and bytes of payload: what counts against limits. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /** The key; empty text if there is none. */
  String rawKey() {
    return key;
  }

  /** The payload itself. */
  byte[] rawPayload() {
    return payload;
  }

  boolean isTombstone() {
    return payload.length == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Message that
        && key.equals(that.key)
        && headers.equals(that.headers)
        && Arrays.equals(payload, that.payload)
        && Objects.equals(producer, that.producer);
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, headers, Arrays.hashCode(payload), producer);
  }

  @Override
  public String toString() {
    return "Message[key=" + Text.quote(key) + ", headers=" + headers.size() + ", payload="
        + payload.length + " bytes" + (producer == null ? "" : ", " + producer) + "]";
  }
}
