package io.quorate.replication.training;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the codec has kept back, by shard: before the last step that was computed here, and after
 * it, since that step may have to be computed again.
 */
final class Residuals {
  private record Residual(long step, float[] values) {}

  private final TreeMap<Integer, List<Residual>> byShard = new TreeMap<>();

  Optional<float[]> find(long step, int shard) {
    return byShard.getOrDefault(shard, List.of()).stream()
        .filter(residual -> residual.step() == step)
        .map(Residual::values)
        .findFirst();
  }

  void remember(long step, int shard, float[] before, float[] after) {
    byShard.put(shard, List.of(new Residual(step, before), new Residual(step + 1, after)));
  }
}
