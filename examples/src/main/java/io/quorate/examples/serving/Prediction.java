package io.quorate.examples.serving;

/** An answer, and which version of the model gave it. */
record Prediction(int value, long version) {}
