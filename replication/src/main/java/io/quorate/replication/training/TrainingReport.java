package io.quorate.replication.training;

/**
 * A job that has come to its end.
 *
 * @param steps done in all, those before a restart among them
 * @param parameters the model; an array of its own, shared by those who ask for the report
 * @param digest SHA-256 over steps, parameters and optimizer state: equal for equal bits
 */
public record TrainingReport(long steps, float[] parameters, String digest) {}
