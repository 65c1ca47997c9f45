package io.quorate.core.codec;

/**
 * Writes values of one type as bytes and reads them back. Stateless; safe for use by many threads.
 *
 * <p>Two equal values have equal bytes, since bytes are what replicas compare.
 */
public interface Codec<T> {
  /** The bytes as they are. The array is copied when written, and fresh when read. */
  Codec<byte[]> BYTES =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, byte[] value) {
          out.bytes(value);
        }

        @Override
        public byte[] read(ByteReader in) {
          return in.bytes(in.remaining());
        }

        @Override
        public byte[] encode(byte[] value) {
          return value.clone();
        }
      };

  /** Text as UTF-8, taking all bytes that remain. */
  Codec<String> STRING =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, String value) {
          out.bytes(Utf8.encode(value));
        }

        @Override
        public String read(ByteReader in) {
          return Utf8.decode(in.bytes(in.remaining()));
        }
      };

  /** Eight bytes, big-endian. */
  Codec<Long> LONG =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, Long value) {
          out.int64(value);
        }

        @Override
        public Long read(ByteReader in) {
          return in.int64();
        }
      };

  /** Appends {@code value}. */
  void write(ByteWriter out, T value);

  /**
   * Reads one value.
   *
   * @throws MalformedException if the bytes are not what {@link #write} makes
   */
  T read(ByteReader in);

  /** The bytes of {@code value} in an array of their own. */
  default byte[] encode(T value) {
    ByteWriter out = new ByteWriter();
    write(out, value);
    return out.toByteArray();
  }

  /**
   * The value that {@code bytes} are, all of them.
   *
   * @throws MalformedException if the bytes are not what {@link #encode} makes
   */
  default T decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    T value = read(in);
    in.expectEnd();
    return value;
  }
}
