package io.quorate.core.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** Files in memory. One lock for the names, one in each file for its bytes. */
final class MemoryStorage implements Storage {
  private final TreeMap<String, MemoryFile.Content> files = new TreeMap<>();
  private final TreeSet<String> directories = new TreeSet<>(List.of(""));
  private final TreeSet<String> locks = new TreeSet<>();

  @Override
  public synchronized StorageFile open(String path) {
    return new MemoryFile(path, existing("open", path));
  }

  @Override
  public synchronized StorageFile create(String path) {
    StoragePaths.check(path);
    if (exists(path)) {
      throw failure("create", path, "it exists");
    }
    needDirectory("create", path);
    MemoryFile.Content content = new MemoryFile.Content();
    files.put(path, content);
    return new MemoryFile(path, content);
  }

  @Override
  public synchronized boolean exists(String path) {
    StoragePaths.check(path);
    return files.containsKey(path) || directories.contains(path);
  }

  @Override
  public synchronized List<String> list(String directory) {
    StoragePaths.checkDirectory(directory);
    if (files.containsKey(directory)) {
      throw failure("list", directory, "it is not a directory");
    }
    List<String> names = new ArrayList<>();
    for (String path : files.keySet()) {
      addChild(names, directory, path);
    }
    for (String path : directories) {
      addChild(names, directory, path);
    }
    names.sort(null);
    return List.copyOf(names);
  }

  @Override
  public synchronized void createDirectories(String directory) {
    StoragePaths.checkDirectory(directory);
    for (String path = directory; !path.isEmpty(); path = StoragePaths.parent(path)) {
      if (files.containsKey(path)) {
        throw failure("create directory", directory, path + " is a file");
      }
    }
    for (String path = directory; !path.isEmpty(); path = StoragePaths.parent(path)) {
      directories.add(path);
    }
  }

  @Override
  public synchronized void rename(String from, String to) {
    MemoryFile.Content content = existing("rename", from);
    StoragePaths.check(to);
    if (directories.contains(to)) {
      throw failure("rename to", to, "it is a directory");
    }
    needDirectory("rename to", to);
    files.remove(from);
    files.put(to, content);
  }

  @Override
  public synchronized void delete(String path) {
    StoragePaths.check(path);
    if (directories.contains(path) && !list(path).isEmpty()) {
      throw failure("delete", path, "it is not empty");
    }
    files.remove(path);
    directories.remove(path);
  }

  @Override
  public synchronized void syncDirectory(String directory) {
    StoragePaths.checkDirectory(directory);
    if (!directories.contains(directory)) {
      throw failure("sync directory", directory, "it does not exist");
    }
  }

  @Override
  public synchronized Lock lock(String path) {
    StoragePaths.check(path);
    needDirectory("lock", path);
    if (!locks.add(path)) {
      throw failure("lock", path, "it is held by this process");
    }
    files.computeIfAbsent(path, absent -> new MemoryFile.Content());
    return new MemoryLock(path);
  }

  @Override
  public long usableBytes() {
    return Runtime.getRuntime().maxMemory();
  }

  private synchronized void unlock(String path) {
    locks.remove(path);
  }

  private MemoryFile.Content existing(String operation, String path) {
    StoragePaths.check(path);
    MemoryFile.Content content = files.get(path);
    if (content == null) {
      throw failure(
          operation, path, directories.contains(path) ? "it is a directory" : "it does not exist");
    }
    return content;
  }

  private void needDirectory(String operation, String path) {
    String parent = StoragePaths.parent(path);
    if (!directories.contains(parent)) {
      throw failure(operation, path, "directory " + parent + " does not exist");
    }
  }

  private static void addChild(List<String> names, String directory, String path) {
    if (!path.isEmpty() && StoragePaths.parent(path).equals(directory)) {
      names.add(path.substring(path.lastIndexOf('/') + 1));
    }
  }

  private static StorageException failure(String operation, String path, String reason) {
    return new StorageException("cannot " + operation + " " + path + ": " + reason);
  }

  private final class MemoryLock implements Lock {
    private final String path;
    private boolean released;

    private MemoryLock(String path) {
      this.path = path;
    }

    @Override
    public void close() {
      if (!released) {
        released = true;
        unlock(path);
      }
    }
  }
}
