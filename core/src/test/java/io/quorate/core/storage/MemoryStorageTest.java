package io.quorate.core.storage;

class MemoryStorageTest extends StorageConformance {
  @Override
  protected Storage emptyStorage() {
    return Storage.inMemory();
  }
}
