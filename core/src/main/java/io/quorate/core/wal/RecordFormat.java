package io.quorate.core.wal;

import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * One record of a segment; numbers are big-endian.
 *
 * <pre>
 * offset size field
 *      0    4 checksum: CRC32C of all that follows, mixed with the log's nonce and the position at
 *             which the record begins, so that a record is valid in its own place only
 *      4    4 length n of the payload
 *      8    1 type: never 0, so that pre-allocated zeros are no record
 *      9    8 logical log; 0 where none is meant
 *     17    8 index; its meaning depends on the type
 *     25    n payload
 * </pre>
 *
 * <pre>
 * type        index                          payload
 *  1 ENTRY    of the entry: the log's next   the entry
 *  2 STATE    0                              the state
 *  3 TRUNCATE entries from it on are gone    none
 *  4 DROP     entries before it are gone     none
 *  5 RESET    all gone, continues there      none
 *  6 COPY     of an entry that is there      the entry, which counts instead of the older record
 *  7 DELETE   0                              none: the logical log is as new
 *  8 TABLE    0                              {@link LogTable}: all logs as they are at this point
 *  9 MARKER   a position                     none: all before that position was synced before
 *             this record was written
 * 10 SEAL     the segment's last position    none: the log goes on in the next segment
 * </pre>
 *
 * <p>A TABLE is the first record of each segment, so that older segments can be deleted. A MARKER
 * begins each batch; it is what tells damage from a torn tail: a bad record before the position of
 * a later marker had been synced, so it has been damaged since.
 *
 * <p>Not safe for use by several threads.
 */
final class RecordFormat {
  static final int HEADER_BYTES = 25;

  static final byte ENTRY = 1;
  static final byte STATE = 2;
  static final byte TRUNCATE = 3;
  static final byte DROP = 4;
  static final byte RESET = 5;
  static final byte COPY = 6;
  static final byte DELETE = 7;
  static final byte TABLE = 8;
  static final byte MARKER = 9;
  static final byte SEAL = 10;

  private static final byte[] NOTHING = {};
  private static final int CHECKED_FROM = 4;
  private static final int LENGTH_AT = 4;
  static final int TYPE_AT = 8;
  private static final int LOG_AT = 9;
  private static final int INDEX_AT = 17;

  private final long nonce;
  private final CRC32C crc = new CRC32C();

  RecordFormat(long nonce) {
    this.nonce = nonce;
  }

  /** Appends a record that begins at {@code position} of the log. */
  void write(ByteWriter to, long position, byte type, long log, long index, byte[] payload) {
    begin(to, payload.length, type, log, index).bytes(payload);
    end(to, position, payload.length);
  }

  /** Appends a record whose payload is what remains of {@code parts}, {@code length} bytes. */
  void write(
      ByteWriter to, long position, byte type, long log, long index, ByteBuffer[] parts,
      int length) {
    begin(to, length, type, log, index);
    for (ByteBuffer part : parts) {
      to.bytes(part.array(), part.arrayOffset() + part.position(), part.remaining());
    }
    end(to, position, length);
  }

  private static ByteWriter begin(ByteWriter to, int length, byte type, long log, long index) {
    return to.int32(0).int32(length).int8(type).int64(log).int64(index);
  }

  /** Sets the checksum of the record that ends here. */
  private void end(ByteWriter to, long position, int length) {
    int from = to.size() - length - HEADER_BYTES;
    crc.reset();
    crc.update(to.array(), from + CHECKED_FROM, HEADER_BYTES - CHECKED_FROM + length);
    to.setInt32(from, (int) crc.getValue() ^ seal(position));
  }

  /** Appends a record without payload. */
  void write(ByteWriter to, long position, byte type, long log, long index) {
    write(to, position, type, log, index, NOTHING);
  }

  /** Whether the bytes from {@code at} to the limit begin with a record that is valid there. */
  boolean isValid(ByteBuffer bytes, int at, long position) {
    if (bytes.limit() - at < HEADER_BYTES) {
      return false;
    }
    int length = length(bytes, at);
    byte type = type(bytes, at);
    if (type < ENTRY || type > SEAL || length < 0 || length > bytes.limit() - at - HEADER_BYTES) {
      return false;
    }
    int limit = bytes.limit();
    int before = bytes.position();
    crc.reset();
    bytes.limit(at + HEADER_BYTES + length).position(at + CHECKED_FROM);
    crc.update(bytes);
    bytes.limit(limit).position(before);
    return bytes.getInt(at) == ((int) crc.getValue() ^ seal(position));
  }

  /** Whether there is a valid record of {@code type}, one without payload. */
  boolean isValidEmpty(ByteBuffer bytes, int at, long position, byte type) {
    return bytes.limit() - at >= HEADER_BYTES
        && type(bytes, at) == type
        && length(bytes, at) == 0
        && isValid(bytes, at, position);
  }

  static int length(ByteBuffer bytes, int at) {
    return bytes.getInt(at + LENGTH_AT);
  }

  static byte type(ByteBuffer bytes, int at) {
    return bytes.get(at + TYPE_AT);
  }

  static long log(ByteBuffer bytes, int at) {
    return bytes.getLong(at + LOG_AT);
  }

  static long index(ByteBuffer bytes, int at) {
    return bytes.getLong(at + INDEX_AT);
  }

  static byte[] payload(ByteBuffer bytes, int at) {
    byte[] payload = new byte[length(bytes, at)];
    bytes.get(at + HEADER_BYTES, payload);
    return payload;
  }

  /** Spreads nonce and position over 32 bits (the finalizer of SplitMix64). */
  private int seal(long position) {
    long z = nonce + position * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return (int) (z ^ (z >>> 31));
  }
}
