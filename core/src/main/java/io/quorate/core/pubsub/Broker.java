package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.wal.WriteAheadLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Where topics live, as a {@link MessageBus} sees it: something that carries out commands on a
 * {@link BrokerCore}, wherever that is, and passes on its effects. Safe for use by many threads.
 */
public interface Broker extends AutoCloseable {
  /**
   * A broker in this process. What it holds is gone with it.
   *
   * @param name tells brokers of one node apart; a {@linkplain io.quorate.core.Text#requireName
   *     name} of at most 48 characters
   */
  static Broker inProcess(Environment environment, String name) {
    return new LocalBroker(environment, name, new BrokerCore(), Journal.NONE);
  }

  /**
   * A broker in this process that writes all it is told to {@code wal}, one disk, and says nothing
   * of what it did before that is synced: messages, positions of groups and the memory of producers
   * survive crashes of the process and loss of power, for topics of all kinds. Uses the logical
   * logs {@code logId} and {@code logId + 1}.
   *
   * <p>From time to time, after {@code snapshotBytes} of commands, a snapshot takes the place of
   * the commands before it. If the log fails the broker closes.
   *
   * @param name tells brokers of one node apart; a {@linkplain io.quorate.core.Text#requireName
   *     name} of at most 40 characters
   * @param snapshotBytes at least 1; 64 MiB is a good value, more makes opening slower
   * @return the broker with what it was told before; completes on its event loop, or fails if the
   *     log is damaged
   */
  static CompletableFuture<Broker> durable(
      Environment environment, String name, WriteAheadLog wal, long logId, long snapshotBytes) {
    return LocalBroker.durable(environment, name, wal, logId, snapshotBytes);
  }

  /**
   * The broker that {@code host} offers to others by {@link BrokerHost#open} under {@code name}.
   * One for each name on a node; buses may share it. Outlives restarts of the host.
   *
   * @param timeout for a command to be answered, attempts and waiting included; at least 1 ms
   * @throws IllegalStateException if this node has or hosts a broker of the name already
   */
  static Broker remote(Environment environment, NodeId host, String name, Duration timeout) {
    return new RemoteBroker(environment, host, name, timeout);
  }

  /**
   * Carries out {@code command}. Commands submitted by one thread one after the other are carried
   * out in that order, as far as they are carried out.
   *
   * @return the outcomes, one for each thing asked for; or fails with {@link
   *     io.quorate.core.RefusedException} or {@link io.quorate.core.IndeterminateException}, within
   *     a bounded time
   */
  CompletableFuture<List<Outcome>> submit(BrokerCommand command);

  /**
   * From now on passes the effects of {@code session} to {@code listener}, each once and in order.
   * To be called before the session is opened.
   */
  void listen(String session, Listener listener);

  /** Forgets the listener of {@code session}. */
  void forget(String session);

  /** Releases what it holds; commands are refused from now on. May be called twice. */
  @Override
  void close();

  /** Hears what a session is to hear. Called by one thread at a time; it must not block. */
  interface Listener {
    /** The broker has said {@code effects}. */
    void heard(List<BrokerEffect> effects);

    /**
     * The broker may have lost the session, and with it effects: the listener is to open a new one.
     * Called as well when {@link BrokerEffect.Ended} was lost.
     */
    void lost(String reason);
  }
}
