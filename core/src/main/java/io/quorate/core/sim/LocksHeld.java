package io.quorate.core.sim;

import io.quorate.core.storage.Storage;
import java.util.TreeMap;

/** The paths that the running process of a machine has locked. */
final class LocksHeld {
  private final TreeMap<String, Object> holders = new TreeMap<>();

  /** A lock that frees the path once; null if it is held. */
  Storage.Lock acquire(String path) {
    if (holders.containsKey(path)) {
      return null;
    }
    Object holder = new Object();
    holders.put(path, holder);
    return () -> holders.remove(path, holder);
  }

  void releaseAll() {
    holders.clear();
  }
}
