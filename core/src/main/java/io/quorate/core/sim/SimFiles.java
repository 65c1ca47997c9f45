package io.quorate.core.sim;

import io.quorate.core.Text;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Names and the files they lead to, as seen and as durable, with what lies between. */
final class SimFiles {
  private static final Pattern PATH =
      Pattern.compile(
          "[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,199}(/[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,199}){0,15}");

  /** A change of names that is not durable; {@code from} or {@code to} is empty for none. */
  private record Renaming(String from, String to, Inode inode) {
    boolean touches(String directory) {
      return !from.isEmpty() && parent(from).equals(directory)
          || !to.isEmpty() && parent(to).equals(directory);
    }
  }

  private final TreeMap<String, Inode> visible = new TreeMap<>();
  private final TreeMap<String, Inode> durable = new TreeMap<>();
  private final TreeSet<String> directories = new TreeSet<>();
  private final List<Renaming> pending = new ArrayList<>();

  static String checked(String path) {
    if (path == null || !PATH.matcher(path).matches()) {
      throw new IllegalArgumentException(
          "path must be names of a-z A-Z 0-9 . _ - that do not begin with a dot, was "
              + Text.quote(path));
    }
    return path;
  }

  static String checkedDirectory(String path) {
    return "".equals(path) ? path : checked(path);
  }

  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  boolean exists(String path) {
    return visible.containsKey(path) || isDirectory(path);
  }

  boolean isDirectory(String path) {
    return path.isEmpty() || directories.contains(path);
  }

  Inode open(String path) {
    Inode inode = visible.get(path);
    if (inode == null) {
      throw new StorageException("open " + path + ": no such file");
    }
    return inode;
  }

  Inode create(String path) {
    requireParent("create", path);
    if (exists(path)) {
      throw new StorageException("create " + path + ": it exists");
    }
    Inode inode = new Inode();
    visible.put(path, inode);
    pending.add(new Renaming("", path, inode));
    return inode;
  }

  List<String> list(String directory) {
    if (visible.containsKey(directory)) {
      throw new StorageException("list " + directory + ": it is a file");
    }
    String prefix = directory.isEmpty() ? "" : directory + "/";
    TreeSet<String> names = new TreeSet<>();
    for (TreeSet<String> paths : List.of(new TreeSet<>(visible.keySet()), directories)) {
      for (String path : paths.tailSet(prefix)) {
        if (!path.startsWith(prefix)) {
          break;
        }
        String rest = path.substring(prefix.length());
        if (!rest.isEmpty() && rest.indexOf('/') < 0) {
          names.add(rest);
        }
      }
    }
    return List.copyOf(names);
  }

  List<String> paths() {
    return List.copyOf(visible.keySet());
  }

  void createDirectories(String directory) {
    for (String path = directory; !path.isEmpty(); path = parent(path)) {
      if (visible.containsKey(path)) {
        throw new StorageException("create directory " + path + ": it is a file");
      }
      directories.add(path);
    }
  }

  void rename(String from, String to) {
    Inode inode = visible.get(from);
    if (inode == null) {
      throw new StorageException("rename " + from + " to " + to + ": no such file");
    }
    requireParent("rename", to);
    if (isDirectory(to)) {
      throw new StorageException("rename " + from + " to " + to + ": it is a directory");
    }
    visible.remove(from);
    visible.put(to, inode);
    pending.add(new Renaming(from, to, inode));
  }

  void delete(String path) {
    Inode inode = visible.remove(path);
    if (inode != null) {
      pending.add(new Renaming(path, "", inode));
    } else if (directories.contains(path)) {
      if (!list(path).isEmpty()) {
        throw new StorageException("delete " + path + ": directory is not empty");
      }
      directories.remove(path);
    }
  }

  void syncDirectory(String directory) {
    if (!isDirectory(directory)) {
      throw new StorageException("sync directory " + directory + ": no such directory");
    }
    for (Renaming renaming : pending) {
      if (renaming.touches(directory)) {
        apply(renaming);
      }
    }
    pending.removeIf(renaming -> renaming.touches(directory));
  }

  long usedBytes() {
    long bytes = 0;
    for (Inode inode : visible.values()) {
      bytes += inode.size();
    }
    return bytes;
  }

  Inode durable(String path) {
    return durable.get(path);
  }

  void swap(String a, String b) {
    Inode first = open(a);
    Inode second = open(b);
    for (TreeMap<String, Inode> names : List.of(visible, durable)) {
      names.put(a, second);
      names.put(b, first);
    }
  }

  void clear() {
    visible.clear();
    durable.clear();
    directories.clear();
    pending.clear();
  }

  /** How many changes a crash decides about. */
  int pendingCount() {
    int count = pending.size();
    for (Inode inode : inodes()) {
      count += inode.pendingCount();
    }
    return count;
  }

  void crash(SeededRandom chance, boolean garbage) {
    List<Inode> inodes = inodes();
    for (Renaming renaming : pending) {
      if (chance.nextBoolean()) {
        apply(renaming);
      }
    }
    for (Inode inode : inodes) {
      inode.crash(chance, garbage);
    }
    restartFromDurable();
  }

  /** Of the changes, names first and then contents by path, those survive whose bit is set. */
  void crashKeeping(long kept) {
    List<Inode> inodes = inodes();
    long bits = kept;
    for (Renaming renaming : pending) {
      if ((bits & 1) != 0) {
        apply(renaming);
      }
      bits >>>= 1;
    }
    for (Inode inode : inodes) {
      int count = inode.pendingCount();
      inode.crashKeeping(bits);
      bits >>>= count;
    }
    restartFromDurable();
  }

  SimFiles copy() {
    SimFiles copy = new SimFiles();
    copy.directories.addAll(directories);
    List<Inode> originals = inodes();
    List<Inode> copies = new ArrayList<>();
    originals.forEach(inode -> copies.add(inode.copy()));
    visible.forEach((path, inode) -> copy.visible.put(path, twin(originals, copies, inode)));
    durable.forEach((path, inode) -> copy.durable.put(path, twin(originals, copies, inode)));
    for (Renaming each : pending) {
      copy.pending.add(
          new Renaming(each.from(), each.to(), twin(originals, copies, each.inode())));
    }
    return copy;
  }

  private void restartFromDurable() {
    pending.clear();
    visible.clear();
    visible.putAll(durable);
  }

  private void apply(Renaming renaming) {
    if (!renaming.from().isEmpty() && durable.get(renaming.from()) == renaming.inode()) {
      durable.remove(renaming.from());
    }
    if (!renaming.to().isEmpty()) {
      durable.put(renaming.to(), renaming.inode());
    }
  }

  /** Every file that has a name, had one, or may have one after a crash; each once. */
  private List<Inode> inodes() {
    List<Inode> all = new ArrayList<>();
    visible.values().forEach(inode -> addOnce(all, inode));
    durable.values().forEach(inode -> addOnce(all, inode));
    pending.forEach(renaming -> addOnce(all, renaming.inode()));
    return all;
  }

  private static void addOnce(List<Inode> all, Inode inode) {
    if (indexOf(all, inode) < 0) {
      all.add(inode);
    }
  }

  private static Inode twin(List<Inode> originals, List<Inode> copies, Inode inode) {
    return copies.get(indexOf(originals, inode));
  }

  private static int indexOf(List<Inode> inodes, Inode inode) {
    for (int i = 0; i < inodes.size(); i++) {
      if (inodes.get(i) == inode) {
        return i;
      }
    }
    return -1;
  }

  private void requireParent(String what, String path) {
    if (!isDirectory(parent(path))) {
      throw new StorageException(what + " " + path + ": no such directory");
    }
  }
}
