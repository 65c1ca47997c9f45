package io.quorate.consensus.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@link RaftBench} compares. */
final class Products {
  /** How a product is started. */
  interface Start {
    Peer start(Path directory) throws Exception;
  }

  private Products() {}

  /** The products by name, in the order of their turns; peers only in the profile that brings them. */
  static Map<String, Start> all() throws ReflectiveOperationException {
    Map<String, Start> products = new LinkedHashMap<>();
    products.put("quorate", at -> new QuoratePeer(at, true, 1));
    products.put("quorate-2loops", at -> new QuoratePeer(at, true, 2));
    products.put("quorate-memory", at -> new QuoratePeer(at, false, 1));
    try {
      Class.forName("io.quorate.consensus.bench.Peers")
          .getDeclaredMethod("addTo", Map.class)
          .invoke(null, products);
    } catch (ClassNotFoundException e) {
      // Without that profile.
      return products;
    }
    return products;
  }
}
