package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.zip.CRC32C;

/** Puts a result together from its parts, in order. A part that comes again is passed over. */
final class PartBuffer {
  private final TrainingMessage.Work work;
  private final long maxBytes;
  private final ByteWriter bytes = new ByteWriter();
  private TrainingMessage.Part last;
  private int next;

  PartBuffer(TrainingMessage.Work work, long maxBytes) {
    this.work = work;
    this.maxBytes = maxBytes;
  }

  TrainingMessage.Work work() {
    return work;
  }

  /** Whether the part fits: in order, not too long, the whole with the right checksum and loss. */
  boolean add(TrainingMessage.Part part) {
    if (part.index() < next) {
      return true;
    }
    if (part.index() > next
        || part.index() >= part.parts()
        || (long) bytes.size() + part.bytes().length > maxBytes) {
      return false;
    }
    bytes.bytes(part.bytes());
    next++;
    last = part;
    return !isWhole() || isSound();
  }

  boolean isWhole() {
    return last != null && next == last.parts();
  }

  private boolean isSound() {
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, bytes.size());
    return (int) crc.getValue() == last.crc()
        && Double.isFinite(last.lossSum())
        && last.weight() >= 0
        && Double.isFinite(last.weight())
        && bytes.size() >= Integer.BYTES
        && gradientBytes() >= 0
        && gradientBytes() <= bytes.size() - Integer.BYTES;
  }

  private int gradientBytes() {
    return new ByteReader(bytes.array()).int32();
  }

  /** The whole result: four bytes of the gradient's length, the gradient, perhaps a residual. */
  ShardResult result(NodeId worker) {
    byte[] whole = bytes.toByteArray();
    int gradientBytes = gradientBytes();
    byte[] content = new ByteReader(whole, Integer.BYTES, whole.length - Integer.BYTES)
        .bytes(whole.length - Integer.BYTES);
    return new ShardResult(
        work.shard(),
        worker,
        new Loss(last.lossSum(), last.weight()),
        last.crc(),
        content,
        gradientBytes);
  }
}
