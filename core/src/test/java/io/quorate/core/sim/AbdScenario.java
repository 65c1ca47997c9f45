package io.quorate.core.sim;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** Clients of an {@link AbdRegister} under faults: safety, then liveness, then the history. */
final class AbdScenario {
  private final Simulation sim;
  private final FaultPlan plan;
  private final AbdRegister.Bug bug;
  private final History<Register.Input, Register.Output> history;

  AbdScenario(Simulation sim, FaultPlan plan, AbdRegister.Bug bug) {
    this.sim = sim;
    this.plan = plan;
    this.bug = bug;
    this.history = History.in(sim);
  }

  void run() {
    for (NodeId id : plan.nodes()) {
      sim.node(id, env -> new AbdRegister(env, plan.nodes(), bug));
    }
    FaultInjector injector = new FaultInjector(sim, plan, this::operate);
    injector.run();
    Set<NodeId> core = injector.heal();
    List<NodeId> members = List.copyOf(core);
    for (int i = 0; i < members.size(); i++) {
      long number = -1 - i;
      NodeId member = members.get(i);
      sim.runUntil(
          () -> attempt(member, new Register.Write("x", Optional.of("end" + number))),
          Duration.ofSeconds(60));
      sim.runUntil(() -> attempt(member, new Register.Read("x")), Duration.ofSeconds(60));
    }
    history.check(Register.model());
  }

  private static final long RETRY_NANOS = 200_000_000;
  private CompletableFuture<?> open;
  private long retryNanos;

  /** Repeats an operation until one attempt succeeds. */
  private boolean attempt(NodeId node, Register.Input input) {
    if ((open == null || open.isCompletedExceptionally()) && sim.nowNanos() >= retryNanos) {
      open = start(node, input);
      retryNanos = sim.nowNanos() + RETRY_NANOS;
    }
    if (open != null && open.isDone() && !open.isCompletedExceptionally()) {
      open = null;
      return true;
    }
    return false;
  }

  private void operate(long number) {
    SeededRandom random = new SeededRandom(number);
    NodeId node = plan.nodes().get(random.nextInt(plan.nodes().size()));
    String key = random.nextBoolean() ? "x" : "y";
    start(
        node,
        random.nextBoolean()
            ? new Register.Read(key)
            : new Register.Write(key, Optional.of("v" + number)));
  }

  private CompletableFuture<?> start(NodeId id, Register.Input input) {
    SimNode<?> node = sim.node(id);
    if (!node.isRunning()) {
      return null;
    }
    AbdRegister register = (AbdRegister) node.service();
    var call = history.invoke(id.value(), input);
    try {
      if (input instanceof Register.Write write) {
        return register
            .write(write.key(), write.value().orElse(""))
            .thenAccept(nothing -> call.returned(Register.Output.done()));
      }
      return register
          .read(input.key())
          .thenAccept(value -> call.returned(Register.Output.found(value)));
    } catch (RejectedExecutionException e) {
      call.hadNoEffect();
      return null;
    }
  }
}
