package io.quorate.consensus.raft;

/**
 * A known bug of some implementation, put back by a textual edit of one source file.
 *
 * @param name what it does, and where it happened
 * @param item of the correctness checklist
 * @param file the class that is edited
 * @param original text that occurs in it exactly once
 * @param replacement what stands there instead
 */
record Mutant(String name, int item, String file, String original, String replacement) {}
