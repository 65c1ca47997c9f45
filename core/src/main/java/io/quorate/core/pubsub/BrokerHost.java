package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;

/**
 * Lets other nodes use the broker of this one; they get it by {@link Broker#remote}.
 *
 * <p>Commands of one client are carried out once and in order, however often they are sent, as long
 * as this host lives: it keeps the answers until the client has confirmed them. Effects are
 * numbered for each session and kept until they are confirmed, so that none is lost or doubled on
 * the way; there are no more of them than the credits of the session's subscriptions, and what they
 * are told beside. Owned by one event loop.
 *
 * <p>Clients that it remembers: 10,000; beyond it the one that was silent for longest is forgotten.
 */
public final class BrokerHost implements AutoCloseable {
  private static final int MAX_CLIENTS = 10_000;

  /** Commands of one client that are not confirmed. */
  static final int WINDOW = 256;

  /** What is known of one client. */
  private static final class Client {
    long next;

    /** By number, complete or not. */
    final SortedMap<Long, CompletableFuture<byte[]>> answers = new TreeMap<>();
  }

  private final Broker broker;
  private final EventLoop loop;
  private final Endpoint endpoint;
  private final long incarnation;
  private final Map<String, Client> clients = new LinkedHashMap<>();
  private final SortedMap<String, SessionOutbox> outboxes = new TreeMap<>();
  private boolean closed;

  private BrokerHost(Environment environment, Broker broker, String name) {
    this.broker = broker;
    this.loop = environment.eventLoop("broker-" + name);
    RandomGenerator random = environment.random("broker-host-" + name);
    this.incarnation = random.nextLong(1, Long.MAX_VALUE);
    this.endpoint =
        environment
            .transport()
            .open(
                serviceOf(name),
                loop,
                new Handler() {
                  @Override
                  public void onRequest(Request request) {
                    requested(request);
                  }
                });
  }

  static String serviceOf(String name) {
    return "broker-" + name;
  }

  /**
   * Offers {@code broker} under {@code name}, which is not closed with the host.
   *
   * @param name a {@linkplain io.quorate.core.Text#requireName name} of at most 48 characters
   * @throws IllegalStateException if the name is in use on this node
   */
  public static BrokerHost open(Environment environment, Broker broker, String name) {
    return new BrokerHost(environment, broker, name);
  }

  private void requested(Request request) {
    BrokerFrames.Ask ask;
    try {
      ask = BrokerFrames.ask(request.payload());
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
      return;
    }
    if (ask.incarnation() != incarnation) {
      answer(request, BrokerFrames.Status.RESTARTED);
    } else if (ask instanceof BrokerFrames.Command command) {
      command(request, command);
    } else if (ask instanceof BrokerFrames.Fetch fetch) {
      SessionOutbox outbox = outboxes.get(fetch.session());
      if (outbox == null) {
        answer(request, BrokerFrames.Status.GONE);
      } else {
        outbox.fetch(request, fetch.confirmed());
      }
    } else {
      throw new AssertionError("unhandled " + ask);
    }
  }

  private void answer(Request request, BrokerFrames.Status status) {
    request.respond(BrokerFrames.status(status, incarnation));
  }

  private void command(Request request, BrokerFrames.Command command) {
    Client client = client(command);
    client.next = Math.max(client.next, command.oldest());
    client.answers.headMap(command.oldest()).clear();
    if (command.number() > client.next || client.answers.size() >= WINDOW) {
      answer(request, BrokerFrames.Status.OUT_OF_ORDER);
      return;
    }
    if (command.number() == client.next) {
      client.next++;
      client.answers.put(command.number(), carryOut(command.command()));
    }
    CompletableFuture<byte[]> answer = client.answers.get(command.number());
    if (answer == null) {
      answer(request, BrokerFrames.Status.STALE);
      return;
    }
    answer.thenAccept(request::respond);
  }

  private Client client(BrokerFrames.Command command) {
    Client client = clients.remove(command.client());
    if (client == null) {
      client = new Client();
      client.next = command.oldest();
      if (clients.size() >= MAX_CLIENTS) {
        clients.remove(clients.keySet().iterator().next());
      }
    }
    clients.put(command.client(), client);
    return client;
  }

  private CompletableFuture<byte[]> carryOut(BrokerCommand command) {
    if (command instanceof BrokerCommand.OpenSession open
        && !outboxes.containsKey(open.session())) {
      SessionOutbox outbox = new SessionOutbox(broker, open.session(), loop, incarnation);
      outboxes.put(open.session(), outbox);
      broker.listen(
          open.session(),
          new Broker.Listener() {
            @Override
            public void heard(List<BrokerEffect> effects) {
              onLoop(() -> heardFor(open.session(), effects));
            }

            @Override
            public void lost(String reason) {
              onLoop(() -> drop(open.session()));
            }
          });
    }
    return broker
        .submit(command)
        .handle(
            (outcomes, failure) ->
                failure == null
                    ? BrokerFrames.done(incarnation, outcomes)
                    : BrokerFrames.failed(incarnation, BrokerBus.problem(failure)));
  }

  private void heardFor(String session, List<BrokerEffect> effects) {
    SessionOutbox outbox = outboxes.get(session);
    if (outbox != null) {
      outbox.add(effects);
      if (effects.get(effects.size() - 1) instanceof BrokerEffect.Ended) {
        drop(session);
      }
    }
  }

  private void drop(String session) {
    SessionOutbox outbox = outboxes.remove(session);
    if (outbox != null) {
      broker.forget(session);
      outbox.close();
    }
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The environment is closed, and the loop with it: nobody else touches this any more.
      task.run();
    }
  }

  /** Stops answering; the sessions of others end when their leases do. May be called twice. */
  @Override
  public void close() {
    endpoint.close();
    onLoop(
        () -> {
          if (!closed) {
            closed = true;
            List.copyOf(outboxes.keySet()).forEach(this::drop);
          }
        });
  }
}
