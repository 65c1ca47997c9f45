package io.quorate.examples.readme.settings;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.History;
import io.quorate.core.sim.Register;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.examples.readme.Setting;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A service that does as little as one can. */
public abstract class Servers extends Setting {
  /** Is ready at once and never leads. */
  public static final class Server {
    /** Starts one. */
    public static Server start(Environment environment) {
      environment.faults().reached("store.read-repair");
      return new Server();
    }

    /** Whether it can be asked. */
    public boolean isReady() {
      return true;
    }
  }

  protected List<NodeId> leaders(SimNode<Server> a, SimNode<Server> b) {
    return List.of();
  }

  protected void operate(
      Simulation sim, long number, History<Register.Input, Register.Output> history) {
    history
        .invoke("client-" + number, new Register.Read("key"))
        .returned(Register.Output.found(Optional.empty()));
  }

  protected boolean succeeds(Set<NodeId> core) {
    return !core.isEmpty();
  }
}
