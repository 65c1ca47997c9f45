package io.quorate.core.wal;

import java.util.Objects;

/**
 * Settings of a {@link WriteAheadLog}.
 *
 * @param identity whose log it is, such as cluster and node; compared with what the directory was
 *     created with, so that a node refuses another node's directory. 1 to 512 characters
 * @param segmentBytes size of one file, pre-allocated; 1 KiB to 1 GiB. Two files exist at least.
 *     The first file of a new log has at most 1 MiB; files that exist keep their size
 * @param maxRecordBytes the largest payload; at most half a segment less 64 bytes
 * @param maxPendingBytes appended but not yet handed to the disk; beyond it entries are refused. At
 *     least {@code maxRecordBytes} and 1 KiB
 * @param cacheBytes recent entries kept in memory, shared evenly by the logical logs; entries that
 *     are not durable yet are kept in any case
 */
public record WalOptions(
    String identity, int segmentBytes, int maxRecordBytes, int maxPendingBytes, long cacheBytes) {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final int MAX_SEGMENT_BYTES = 1 << 30;
  private static final int MAX_IDENTITY_LENGTH = 512;
  private static final int SEGMENT_RESERVE_BYTES = 64;

  public WalOptions {
    Objects.requireNonNull(identity, "identity");
    check(
        !identity.isEmpty() && identity.length() <= MAX_IDENTITY_LENGTH,
        "identity must have 1 to 512 characters, had " + identity.length());
    check(
        segmentBytes >= KIB && segmentBytes <= MAX_SEGMENT_BYTES,
        "segmentBytes must be 1 KiB to 1 GiB, was " + segmentBytes);
    check(
        maxRecordBytes >= 1 && maxRecordBytes <= segmentBytes / 2 - SEGMENT_RESERVE_BYTES,
        "maxRecordBytes must be 1 to half a segment less 64, was " + maxRecordBytes);
    check(
        maxPendingBytes >= Math.max(maxRecordBytes, KIB) && maxPendingBytes <= MAX_SEGMENT_BYTES,
        "maxPendingBytes must be maxRecordBytes to 1 GiB, was " + maxPendingBytes);
    check(cacheBytes >= 0, "cacheBytes must not be negative, was " + cacheBytes);
  }

  /** 16 MiB segments, 4 MiB records, 16 MiB pending, 16 MiB cached. */
  public static WalOptions of(String identity) {
    return new WalOptions(identity, 16 * MIB, 4 * MIB, 16 * MIB, 16 * MIB);
  }

  /** Smaller or larger files; the largest record is made to fit. */
  public WalOptions withSegmentBytes(int segmentBytes) {
    int fitting = Math.min(maxRecordBytes, segmentBytes / 2 - SEGMENT_RESERVE_BYTES);
    return new WalOptions(identity, segmentBytes, fitting, maxPendingBytes, cacheBytes);
  }

  public WalOptions withMaxRecordBytes(int maxRecordBytes) {
    return new WalOptions(identity, segmentBytes, maxRecordBytes, maxPendingBytes, cacheBytes);
  }

  public WalOptions withMaxPendingBytes(int maxPendingBytes) {
    return new WalOptions(identity, segmentBytes, maxRecordBytes, maxPendingBytes, cacheBytes);
  }

  public WalOptions withCacheBytes(long cacheBytes) {
    return new WalOptions(identity, segmentBytes, maxRecordBytes, maxPendingBytes, cacheBytes);
  }

  private static void check(boolean valid, String problem) {
    if (!valid) {
      throw new IllegalArgumentException(problem);
    }
  }
}
