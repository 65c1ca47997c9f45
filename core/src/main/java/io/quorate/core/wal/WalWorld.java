package io.quorate.core.wal;

import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import io.quorate.core.Faults;
import io.quorate.core.Metrics;
import io.quorate.core.storage.Storage;
import java.util.concurrent.Executor;

/**
 * Where a log lives and what it may use.
 *
 * @param loop the owner of logical logs that name no other; retries are timed on it
 * @param writerExecutor runs the writer alone
 * @param filesExecutor runs everything else that touches files
 */
record WalWorld(
    Storage storage,
    String directory,
    WalOptions options,
    EventLoop loop,
    Executor writerExecutor,
    Executor filesExecutor,
    Metrics metrics,
    Clock clock,
    Faults faults) {}
