package io.quorate.consensus.raft;

import io.quorate.core.codec.Codec;

/** What a group is on this node. */
record Group<C, R>(
    String name,
    long id,
    Configuration members,
    int priority,
    StateMachine<C, R> machine,
    Codec<C> commands,
    Codec<R> results) {}
