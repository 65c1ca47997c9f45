package io.quorate.consensus.raft;

import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Where a node's log is, and what becomes of it when it or a snapshot is damaged and that is to be
 * repaired. Every method blocks; used by one thread at a time.
 *
 * <p>Nothing is thrown away. A damaged snapshot gets another name; the log stays where it is and a
 * new one is begun beside it, whose birth is another: the node has no vote until it has caught up
 * with the others. The groups that were here are marked first. Their logs begin empty, and without
 * first members, so that no two nodes in this state can found a group a second time.
 *
 * <p>The new log is there before a damaged snapshot gets its other name. So after a crash at any
 * moment the damage is found again, and another log is begun, or all has been done.
 *
 * @see <a href="https://www.usenix.org/conference/fast18/presentation/alagappan">Alagappan et al.,
 *     Protocol-Aware Recovery for Consensus-Based Storage: a damaged copy must neither be taken for
 *     one that was never written nor take part in elections</a>
 */
final class Home {
  private static final String ROOT = "raft";
  private static final String FIRST_LOG = "log";
  /** No group's name begins like this. */
  private static final String LATER_LOGS = "_log.";
  private static final String FETCHES = "fetches";

  private final Storage storage;

  Home(Storage storage) {
    this.storage = storage;
  }

  /** The directory of the log in use; the path of a log that is yet to be made on a new node. */
  String log() {
    int generation = generation();
    return ROOT + "/" + (generation == 1 ? FIRST_LOG : LATER_LOGS + generation);
  }

  /** The groups that must get what they had here from the others. */
  SortedSet<String> fetching() {
    SortedSet<String> fetching = new TreeSet<>();
    for (String group : groups()) {
      if (storage.exists(marker(group))) {
        fetching.add(group);
      }
    }
    return fetching;
  }

  /**
   * Reads the newest snapshot of each group.
   *
   * @throws CorruptionException if one is damaged
   */
  void checkSnapshots() {
    groups().forEach(group -> new SnapshotFiles(storage, group).newest());
  }

  /** Begins a new log beside the one in use and sets aside the newest snapshots that are damaged. */
  void beginAnew() {
    List<String> groups = groups();
    groups.forEach(this::mark);
    storage.createDirectories(ROOT + "/" + LATER_LOGS + (generation() + 1));
    groups.forEach(this::setAsideDamaged);
  }

  private void mark(String group) {
    if (!storage.exists(marker(group))) {
      storage.create(marker(group)).close();
      storage.syncDirectory(ROOT + "/" + group);
    }
  }

  private void setAsideDamaged(String group) {
    SnapshotFiles files = new SnapshotFiles(storage, group);
    try {
      files.newest();
    } catch (CorruptionException e) {
      files.setAside(e.path());
    }
  }

  private int generation() {
    int newest = 1;
    for (String name : storage.list(ROOT)) {
      if (name.startsWith(LATER_LOGS)) {
        newest = Math.max(newest, Integer.parseInt(name.substring(LATER_LOGS.length())));
      }
    }
    return newest;
  }

  /** The groups that were ever started here: each has a directory. "log" may be one, or not. */
  private List<String> groups() {
    return storage.list(ROOT).stream().filter(name -> !name.startsWith(LATER_LOGS)).toList();
  }

  private static String marker(String group) {
    return ROOT + "/" + group + "/" + FETCHES;
  }
}
