package io.quorate.examples.tabular;

/** A file is not a table that can be learned; names the file and, where there is one, the line. */
public final class TableException extends RuntimeException {
  TableException(String message) {
    super(message);
  }
}
