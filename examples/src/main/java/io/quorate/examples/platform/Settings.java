package io.quorate.examples.platform;

import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What a user may decide.
 *
 * @param serving how long faults strike
 * @param rate questions a second; empty to search for the highest that can be served well
 * @param epochs how long to train, if not as long as the exam says
 * @param seed which faults come when, and whom they meet
 */
record Settings(Duration serving, OptionalDouble rate, OptionalInt epochs, long seed) {
  int epochsOf(Exam exam) {
    return epochs.orElse(exam.epochs());
  }
}
