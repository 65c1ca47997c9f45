package io.quorate.examples.platform;

import java.time.Duration;

/** Something that breaks, and how one knows that the platform has got over it. */
interface Fault {
  /** What it is in the table, such as {@code replica killed}. */
  String name();

  /** How long the platform may take to get over it. */
  Duration limit();

  /** Breaks it; says what was done, for people. */
  String strike() throws Exception;

  /** Whether the platform has got over it, although it is still broken. */
  boolean isOvercome() throws Exception;

  /** Mends it; says what was done, for people. */
  String mend() throws Exception;
}
