/**
 * The write-ahead log. {@link io.quorate.core.wal.WriteAheadLog} is the door: many logical logs in
 * one sequence of pre-allocated segments, made durable together with one fsync for all that waits.
 * Appending and durability are two steps, so that callers pipeline. What was acknowledged as
 * durable survives every crash; what is damaged is reported with file and offset, never skipped.
 */
package io.quorate.core.wal;
