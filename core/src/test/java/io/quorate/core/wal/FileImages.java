package io.quorate.core.wal;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** The bytes of a log's files, to be damaged and put into a storage of their own. */
record FileImages(TreeMap<String, byte[]> files) {
  static FileImages of(Storage storage) {
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (String name : storage.list(WalHarness.DIRECTORY)) {
      String path = WalHarness.DIRECTORY + "/" + name;
      try (StorageFile file = storage.open(path)) {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
        file.read(0, bytes);
        files.put(path, bytes.array());
      }
    }
    return new FileImages(files);
  }

  FileImages copy() {
    TreeMap<String, byte[]> copies = new TreeMap<>();
    files.forEach((path, bytes) -> copies.put(path, bytes.clone()));
    return new FileImages(copies);
  }

  /** The same files, the one at {@code path} with other bytes. */
  FileImages with(String path, byte[] bytes) {
    FileImages copy = copy();
    copy.files().put(path, bytes);
    return copy;
  }

  FileImages without(String path) {
    FileImages copy = copy();
    copy.files().remove(path);
    return copy;
  }

  byte[] get(String path) {
    return files.get(path);
  }

  /** A storage in which nothing is locked. */
  Storage storage() {
    Storage storage = Storage.inMemory();
    storage.createDirectories(WalHarness.DIRECTORY);
    for (Map.Entry<String, byte[]> entry : files.entrySet()) {
      try (StorageFile file = storage.create(entry.getKey())) {
        file.write(0, ByteBuffer.wrap(entry.getValue()));
      }
    }
    return storage;
  }

  static String segment(long number) {
    return Segment.path(WalHarness.DIRECTORY, number);
  }

  static String manifest() {
    return WalHarness.DIRECTORY + "/manifest";
  }
}
