package io.quorate.consensus.bench;

import io.quorate.core.Environment;
import java.util.Collection;

/** Nodes of this JVM that know where each other is. */
final class Mesh {
  private Mesh() {}

  /** May be called again when one of them has been replaced. */
  static void connect(Collection<Environment> environments) {
    for (Environment environment : environments) {
      for (Environment peer : environments) {
        if (peer != environment) {
          environment.transport().setPeer(peer.self(), peer.transport().address());
        }
      }
    }
  }
}
