package io.quorate.core.wal;

import io.quorate.core.storage.Storage;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What was found in a directory, all of it durable.
 *
 * @param end where the next record goes
 * @param afterMarker whether the last record is a MARKER that covers all before it
 * @param spare the segment prepared ahead, if there is one
 * @param lock keeps others out of the directory
 */
record Recovered(
    Manifest manifest,
    Segments segments,
    TreeMap<Long, LogContent> contents,
    long end,
    boolean afterMarker,
    Optional<Segment> spare,
    Storage.Lock lock) {}
