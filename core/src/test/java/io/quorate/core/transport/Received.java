package io.quorate.core.transport;

import io.quorate.core.NodeId;

/** What a {@link Recorder} has seen of a message or request. */
record Received(NodeId from, byte[] payload) {}
