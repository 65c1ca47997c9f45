package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.replication.eventual.EventualStore;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * {@code /eventual}: answered by this node alone. An eventually consistent store has the members
 * that it was opened with: when they change it is closed and opened again, and operations wait
 * meanwhile.
 */
final class EventualKeys implements KeyValueStore, AutoCloseable {
  private static final int CLOSE_SECONDS = 3;

  private final Function<Collection<NodeId>, CompletableFuture<EventualStore<String, byte[]>>>
      opener;
  /** Guarded by this. */
  private final Set<CompletableFuture<?>> pending = new HashSet<>();

  private CompletableFuture<EventualStore<String, byte[]>> store;
  private Set<NodeId> members;

  /** Opens with {@code members}; {@code opener} opens anew for others. */
  EventualKeys(
      Set<NodeId> members,
      Function<Collection<NodeId>, CompletableFuture<EventualStore<String, byte[]>>> opener) {
    this.opener = opener;
    this.members = Set.copyOf(members);
    this.store = opener.apply(this.members);
    store.join();
  }

  /** Goes over to other members once what is pending has ended; returns at once. */
  synchronized void changeMembers(Set<NodeId> newMembers) {
    if (newMembers.equals(members)) {
      return;
    }
    members = Set.copyOf(newMembers);
    CompletableFuture<?> ended =
        CompletableFuture.allOf(pending.toArray(CompletableFuture[]::new));
    CompletableFuture<EventualStore<String, byte[]>> before = store;
    store =
        ended
            .handle((done, failure) -> before.join())
            .thenCompose(EventualStore::shutdown)
            .thenCompose(closed -> opener.apply(newMembers));
  }

  @Override
  public Set<String> readConsistencies() {
    return Set.of("");
  }

  @Override
  public Set<String> writeConsistencies() {
    return Set.of("");
  }

  @Override
  public boolean takesConditions() {
    return false;
  }

  @Override
  public CompletableFuture<Answer> get(String key, String consistency) {
    return answer(open -> open.get(key).thenApply(Answers::value));
  }

  @Override
  public CompletableFuture<Answer> put(
      String key, byte[] value, Condition condition, String consistency) {
    return answer(open -> open.put(key, value).thenApply(Answers::written));
  }

  @Override
  public CompletableFuture<Answer> delete(String key, Condition condition, String consistency) {
    return answer(open -> open.delete(key).thenApply(Answers::deleted));
  }

  @Override
  public void close() {
    CompletableFuture<EventualStore<String, byte[]>> last;
    synchronized (this) {
      last = store;
    }
    last.thenCompose(EventualStore::shutdown).orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS).join();
  }

  private CompletableFuture<Answer> answer(
      Function<EventualStore<String, byte[]>, CompletableFuture<Answer>> operation) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    CompletableFuture<EventualStore<String, byte[]>> open;
    synchronized (this) {
      open = store;
      pending.add(answer);
    }
    Answers.of(open.thenCompose(operation))
        .thenAccept(
            given -> {
              synchronized (this) {
                pending.remove(answer);
              }
              answer.complete(given);
            });
    return answer;
  }
}
