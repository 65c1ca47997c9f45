package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.zip.CRC32C;

/** Puts a result together from its parts, in order. A part that comes again is passed over. */
final class PartBuffer {
  /** What a part makes of the result. */
  enum Outcome {
    MORE_TO_COME,
    WHOLE,
    /** One before it has been lost. */
    GAP,
    /** Lengths that do not fit, a bad checksum, or a loss that is none. */
    BROKEN
  }

  private final TrainingMessage.Work work;
  private final int total;
  private final byte[] bytes;
  private final CRC32C crc = new CRC32C();
  private TrainingMessage.Part last;
  private int filled;

  /**
   * Nothing yet of {@code total} bytes.
   *
   * @param room for at least as many
   */
  PartBuffer(TrainingMessage.Work work, int total, byte[] room) {
    this.work = work;
    this.total = total;
    this.bytes = room;
  }

  TrainingMessage.Work work() {
    return work;
  }

  Outcome add(TrainingMessage.Part part) {
    Slice content = part.content();
    if (part.total() != total || content.length() > total - part.from()) {
      return Outcome.BROKEN;
    }
    if (part.from() != filled) {
      return part.from() < filled ? Outcome.MORE_TO_COME : Outcome.GAP;
    }
    System.arraycopy(content.array(), content.from(), bytes, filled, content.length());
    crc.update(content.array(), content.from(), content.length());
    filled += content.length();
    if (filled < total) {
      return Outcome.MORE_TO_COME;
    }
    last = part;
    return isSound() ? Outcome.WHOLE : Outcome.BROKEN;
  }

  private boolean isSound() {
    return crc() == last.crc()
        && Double.isFinite(last.lossSum())
        && last.weight() >= 0
        && Double.isFinite(last.weight())
        && total >= Integer.BYTES
        && gradientBytes() >= 0
        && gradientBytes() <= total - Integer.BYTES;
  }

  private int crc() {
    return (int) crc.getValue();
  }

  private int gradientBytes() {
    return new Slice(bytes, 0, Integer.BYTES).reader().int32();
  }

  /** The whole result: four bytes of the gradient's length, the gradient, perhaps a residual. */
  ShardResult result(NodeId worker) {
    int residualAt = Integer.BYTES + gradientBytes();
    return new ShardResult(
        work.shard(),
        worker,
        new Loss(last.lossSum(), last.weight()),
        crc(),
        new Slice(bytes, Integer.BYTES, gradientBytes()),
        new Slice(bytes, residualAt, total - residualAt));
  }
}
