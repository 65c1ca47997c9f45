package io.quorate.examples.serving;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A stand-in for a model: answers with the length of its input, and takes a time that grows with
 * the batch. The time is waited for, not computed: what is measured is the serving.
 */
record Model(long version, Duration perCall, Duration perItem) {
  List<Integer> predict(List<String> batch) {
    long nanos = perCall.toNanos() + batch.size() * perItem.toNanos();
    long beganNanos = System.nanoTime();
    for (long left = nanos; left > 0; left = nanos - (System.nanoTime() - beganNanos)) {
      LockSupport.parkNanos(left);
    }
    return batch.stream().map(String::length).toList();
  }

  Model withVersion(long version) {
    return new Model(version, perCall, perItem);
  }
}
