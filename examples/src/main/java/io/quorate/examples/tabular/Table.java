package io.quorate.examples.tabular;

import java.util.List;

/**
 * Labelled rows of numbers. Immutable; safe for use by many threads.
 *
 * @param columns the names of the numbers, from the header
 * @param labels sorted
 * @param scaling what makes features of numbers
 * @param training the first four fifths of the rows, in the file's order
 * @param heldOut the others
 */
public record Table(
    List<String> columns,
    List<String> labels,
    Scaling scaling,
    List<Row> training,
    List<Row> heldOut) {
  public Table {
    columns = List.copyOf(columns);
    labels = List.copyOf(labels);
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
  }

  /**
   * The features of a row that is given as text, as in {@link Row#text}.
   *
   * @throws IllegalArgumentException if it has another number of numbers, or something else than
   *     finite numbers
   */
  public float[] features(String text) {
    float[] numbers = numbers(text, columns.size());
    return scaling.apply(numbers);
  }

  /** The numbers of {@code text}; refuses other than {@code count} finite ones. */
  static float[] numbers(String text, int count) {
    String[] cells = text.split(",", -1);
    int found = text.isEmpty() ? 0 : cells.length;
    if (found != count) {
      throw new IllegalArgumentException("expected " + count + " numbers, found " + found);
    }
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = number(cells[i].strip(), i);
    }
    return numbers;
  }

  private static float number(String cell, int index) {
    float value;
    try {
      value = Float.parseFloat(cell);
    } catch (NumberFormatException e) {
      value = Float.NaN;
    }
    if (!Float.isFinite(value)) {
      String shown = cell.length() > 20 ? cell.substring(0, 20) + "..." : cell;
      throw new IllegalArgumentException(
          "number " + (index + 1) + " must be a finite number, was \"" + shown + "\"");
    }
    return value;
  }
}
