package io.quorate.core.sim;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageConformance;

/** As long as nothing breaks, the simulated disk is a storage like any other. */
class SimStorageTest extends StorageConformance {
  @Override
  protected Storage emptyStorage() {
    return SimDisk.alone(1, () -> {}).storage(() -> {});
  }
}
