package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.core.transport.TransportConformance;
import io.quorate.core.transport.TransportOptions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** As long as nothing breaks, the simulated network is a transport like any other. */
class SimTransportTest extends TransportConformance {
  private final Simulation sim = Simulation.seeded(1);

  @Override
  protected Environment start(NodeId id, String cluster, TransportOptions options) {
    sim.tolerate(problem -> true);
    sim.network().options(sim.network().options().withLimits(options.limits()));
    for (SimNode<?> node : sim.nodes()) {
      if (node.id().equals(id)) {
        node.restart();
        return node.environment();
      }
    }
    Environment environment = sim.environment(id);
    environment.transport();
    sim.node(id).cluster(cluster);
    return environment;
  }

  /** So that a program which uses an array that it gave back fails in the simulator. */
  @Test
  void an_array_that_was_given_back_holds_nonsense() {
    Pair pair = pair();
    byte[] asked = bytes("question");
    byte[] answer = bytes("answer");
    Handler answering =
        new Handler() {
          @Override
          public void onRequest(Request request) {
            request.respondAndRecycle(answer);
          }
        };
    pair.envB.transport().open("other", pair.envB.eventLoop("svc"), answering);
    Endpoint asking =
        pair.envA.transport().open("other", pair.envA.eventLoop("svc"), Handler.NONE);

    byte[] arrived = await(asking.request(B, asked, LONG));
    assertThat(arrived).isEqualTo(bytes("answer"));
    asking.recycle(asked);
    asking.recycle(arrived);

    for (byte[] array : List.of(answer, asked, arrived, asking.array(10))) {
      assertThat(array).isNotEmpty().containsOnly((byte) 0xDB);
    }
  }

  @Override
  protected <T> T await(CompletableFuture<T> future) {
    return sim.await(future, LONG);
  }
}
