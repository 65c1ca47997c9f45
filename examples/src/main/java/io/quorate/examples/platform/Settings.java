package io.quorate.examples.platform;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * What a user may decide.
 *
 * @param serving how long faults strike
 * @param rate questions a second
 * @param epochs how long to train, if not as long as the task says
 * @param seed which faults come when, and whom they meet
 */
record Settings(Duration serving, double rate, OptionalInt epochs, long seed) {
  int epochsOf(Task task) {
    return epochs.orElse(task.epochs());
  }
}
