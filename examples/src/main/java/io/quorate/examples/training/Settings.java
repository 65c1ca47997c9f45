package io.quorate.examples.training;

import io.quorate.replication.training.GradientCodec;
import io.quorate.replication.training.SyncPolicy;
import java.util.function.Function;

/** Reads codecs and sync policies as they are named on the command line: a word, {@code word:N}. */
final class Settings {
  static final String CODECS = "dense, fp16, int8, one-bit or top-k:SHARE";
  static final String POLICIES = "full, backup:SHARDS, local:STEPS, bounded:STEPS or async";

  private Settings() {}

  /**
   * The codec called {@code text}.
   *
   * @throws IllegalArgumentException if there is none
   */
  static GradientCodec codec(String text) {
    String[] parts = text.split(":", 2);
    return switch (parts[0]) {
      case "dense" -> alone(parts, GradientCodec.dense());
      case "fp16" -> alone(parts, GradientCodec.fp16());
      case "int8" -> alone(parts, GradientCodec.int8());
      case "one-bit" -> alone(parts, GradientCodec.oneBit());
      case "top-k" -> GradientCodec.topK(number(parts, Double::parseDouble));
      default -> throw new IllegalArgumentException("expected " + CODECS);
    };
  }

  /**
   * The policy called {@code text}.
   *
   * @param localRate of the steps that a shard takes by itself
   * @throws IllegalArgumentException if there is none
   */
  static SyncPolicy policy(String text, double localRate) {
    String[] parts = text.split(":", 2);
    return switch (parts[0]) {
      case "full" -> alone(parts, new SyncPolicy.FullSync());
      case "async" -> alone(parts, new SyncPolicy.Async());
      case "backup" -> new SyncPolicy.BackupWorkers(number(parts, Integer::parseInt));
      case "bounded" -> new SyncPolicy.BoundedStaleness(number(parts, Long::parseLong));
      case "local" -> new SyncPolicy.LocalSgd(number(parts, Integer::parseInt), localRate);
      default -> throw new IllegalArgumentException("expected " + POLICIES);
    };
  }

  private static <T> T alone(String[] parts, T value) {
    if (parts.length > 1) {
      throw new IllegalArgumentException(parts[0] + " takes no number, had " + parts[1]);
    }
    return value;
  }

  private static <N> N number(String[] parts, Function<String, N> parse) {
    try {
      return parse.apply(parts.length > 1 ? parts[1] : "");
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          parts[0] + " takes a number, as in " + parts[0] + ":N", e);
    }
  }
}
