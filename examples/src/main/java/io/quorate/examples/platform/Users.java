package io.quorate.examples.platform;

import io.quorate.replication.quorum.QuorumStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Who asks: in each region, for each class, users who have met mostly that class. */
final class Users {
  private static final int PER_CLASS = 6;
  private static final int MET = 5;
  private static final long WRITE_SECONDS = 30;

  private final int classes;

  Users(Exam exam) {
    this.classes = exam.classes().size();
  }

  /** One of the users who ask what {@code label} answers. */
  static String who(int label, long number) {
    return "user-" + label + "-" + number % PER_CLASS;
  }

  int count() {
    return classes * PER_CLASS;
  }

  /** Writes the profiles of all users; done when quorums have them. */
  void introduce(QuorumStore<String, byte[]> store) throws Exception {
    List<CompletableFuture<?>> writes = new ArrayList<>();
    for (int label = 0; label < classes; label++) {
      byte[] profile = Profile.of(classes, label, MET).encode();
      for (int i = 0; i < PER_CLASS; i++) {
        writes.add(store.put(who(label, i), profile));
      }
    }
    CompletableFuture.allOf(writes.toArray(CompletableFuture[]::new))
        .get(WRITE_SECONDS, TimeUnit.SECONDS);
  }
}
