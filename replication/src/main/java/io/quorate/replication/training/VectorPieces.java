package io.quorate.replication.training;

import java.util.Optional;

/**
 * A vector on its way to a worker, asked for in pieces of a fixed length, so that a large one does
 * not hold up everything else. Belongs to the worker's event loop.
 */
final class VectorPieces {
  private static final int PIECE_FLOATS = (512 << 10) / Float.BYTES;

  private final long term;
  private final long version;
  private final int vector;
  private final float[] into;
  private int asked;

  /**
   * Nothing yet.
   *
   * @param vector 0 for the parameters, 1 + s for the residual of shard s
   */
  VectorPieces(long term, long version, int vector, float[] into) {
    this.term = term;
    this.version = version;
    this.vector = vector;
    this.into = into;
  }

  boolean isMoreThanOne() {
    return into.length > PIECE_FLOATS;
  }

  /** What to ask next; empty if everything has been asked for. */
  Optional<TrainingMessage.Fetch> next() {
    int count = Math.min(PIECE_FLOATS, into.length - asked);
    if (count == 0) {
      return Optional.empty();
    }
    asked += count;
    return Optional.of(
        new TrainingMessage.Fetch(term, version, vector, asked - count, count));
  }

  /**
   * Puts the answer to {@code fetch} where it belongs.
   *
   * @return the array it came in, which is not used any more
   */
  byte[] put(TrainingMessage.Fetch fetch, TrainingMessage answer) {
    if (answer instanceof TrainingMessage.Stale) {
      throw new MasterLink.OverException("version " + version + " is over");
    }
    if (!(answer instanceof TrainingMessage.Floats floats)
        || floats.content().length() != fetch.count() * Float.BYTES) {
      throw new TrainingException("master answered a fetch with " + answer);
    }
    floats.content().toFloats(into, fetch.from());
    return floats.content().array();
  }
}
