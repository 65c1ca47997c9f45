/**
 * A task that the examples can learn from a file: which label does a row of numbers have? Rows come
 * from CSV in the form of UCI's letter-recognition: a header, then the label and the numbers.
 */
package io.quorate.examples.tabular;
