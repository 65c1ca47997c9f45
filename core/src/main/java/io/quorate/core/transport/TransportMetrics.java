package io.quorate.core.transport;

import io.quorate.core.Metrics;
import io.quorate.core.Metrics.Counter;
import java.util.EnumMap;
import java.util.Map;

/** What a transport counts. Thread-safe. */
final class TransportMetrics {
  /** Frames that arrived whole and with the right checksum. */
  final Counter framesReceived;

  /** Answers to requests that had ended already, or were never made. */
  final Counter strayAnswers;

  /** Requests whose id had been seen before on their connection. */
  final Counter duplicateRequests;

  /** Frames of a kind that this version does not know. */
  final Counter unknownFrames;

  /** One-way messages that were taken or had arrived, and are lost. */
  final Counter droppedMessages;

  /** Times that reading was slowed because of too many control frames. */
  final Counter floods;

  /** Connections that were closed at once because there were too many. */
  final Counter refusedConnections;

  private final Map<CloseReason, Counter> closed = new EnumMap<>(CloseReason.class);

  TransportMetrics(Metrics metrics) {
    framesReceived = metrics.counter("transport_frames_received_total");
    strayAnswers = metrics.counter("transport_stray_answers_total");
    duplicateRequests = metrics.counter("transport_duplicate_requests_total");
    unknownFrames = metrics.counter("transport_unknown_frames_total");
    droppedMessages = metrics.counter("transport_dropped_messages_total");
    floods = metrics.counter("transport_floods_total");
    refusedConnections = metrics.counter("transport_connections_refused_total");
    for (CloseReason reason : CloseReason.values()) {
      closed.put(
          reason, metrics.counter("transport_connections_closed_total", "reason", reason.label()));
    }
  }

  Counter closed(CloseReason reason) {
    return closed.get(reason);
  }
}
