package io.quorate.examples.tabular;

/**
 * One example.
 *
 * @param text its numbers as they stand in the file, separated by commas
 * @param label the index of its label in {@link Table#labels}
 * @param features its numbers, scaled as {@link Table#features} does; not to be modified
 */
public record Row(String text, int label, float[] features) {}
