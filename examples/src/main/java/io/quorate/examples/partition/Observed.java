package io.quorate.examples.partition;

import java.util.List;

/**
 * What was seen of one mode while n3 was cut off.
 *
 * @param before the value that all nodes had before
 * @param write1 what became of the majority's write; {@code read1} was made after it
 * @param write3 what became of the minority's write; {@code read3} was made after it
 */
record Observed(
    Mode mode, String before, Outcome write1, Outcome read1, Outcome write3, Outcome read3) {

  /**
   * Whether the mode has kept its promise.
   *
   * @param after the different answers of all nodes after healing
   */
  boolean isAsPromised(List<String> after) {
    return write1.isServed() == mode.majorityServes()
        && read1.isServed() == mode.majorityServes()
        && write3.isServed() == mode.minorityServes()
        && read3.isServed() == mode.minorityServes()
        && (!read1.isServed() || read1.text().contains(write1.written()))
        && (!read3.isServed() || read3.text().contains(write3.written()))
        && after.size() == 1
        && mode.allowedAfter(before, write1, write3).containsAll(after);
  }
}
