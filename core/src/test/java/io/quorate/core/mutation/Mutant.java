package io.quorate.core.mutation;

/**
 * A known bug, put in by a textual edit of one source file.
 *
 * @param name what it does
 * @param type the class that is edited, with its package
 * @param original text that occurs in its source exactly once
 * @param replacement what stands there instead
 */
public record Mutant(String name, String type, String original, String replacement) {}
