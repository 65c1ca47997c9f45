package io.quorate.examples.readme;

/** What surrounds a snippet: it becomes the body of {@link #run} in a subclass. */
public abstract class Setting {
  /** The snippet. */
  public abstract void run() throws Exception;

  /** Called after the snippet: verifies what it did, and closes what it left open. */
  public void after() throws Exception {}
}
