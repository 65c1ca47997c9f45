package io.quorate.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.File;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The libraries reach the world through one door, and no hash order reaches an output: the compiled
 * main classes of all modules are searched for calls that would make a simulation lie.
 */
class ArchitectureTest {
  private static final JavaClasses LIBRARIES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(
              "io.quorate.core",
              "io.quorate.partitioning",
              "io.quorate.resilience",
              "io.quorate.consensus",
              "io.quorate.replication");

  /**
   * A call that is forbidden.
   *
   * @param owner of the called method or constructor, fully qualified
   * @param member its name; a constructor's is {@code <init>}
   */
  private record Ban(Pattern owner, Pattern member, String why) {
    static Ban of(String owner, String member, String why) {
      return new Ban(Pattern.compile(owner), Pattern.compile(member), why);
    }

    boolean matches(JavaAccess<?> access) {
      return owner.matcher(access.getTargetOwner().getName()).matches()
          && member.matcher(access.getTarget().getName()).matches();
    }
  }

  private static final List<Ban> WORLD =
      List.of(
          Ban.of("java\\.lang\\.System", "nanoTime|currentTimeMillis", "a clock"),
          Ban.of("java\\.time\\.[A-Za-z]+", "now|system.*|tick.*", "a clock"),
          Ban.of("java\\.util\\.Date", "<init>", "a clock"),
          Ban.of("java\\.lang\\.(Thread|ThreadGroup|ProcessBuilder)", ".*", "a thread"),
          Ban.of(
              "java\\.util\\.(Timer|concurrent\\.(Executors|ForkJoin.*|.*ThreadPoolExecutor))",
              ".*",
              "a thread"),
          Ban.of("java\\.util\\.concurrent\\.TimeUnit", "sleep|timedJoin|timedWait", "a thread"),
          Ban.of("java\\.util\\.concurrent\\.locks\\.LockSupport", "park.*", "a thread"),
          Ban.of("java\\.lang\\.Object", "wait|notify|notifyAll", "a thread"),
          Ban.of("java\\.lang\\.ref\\.Cleaner", ".*", "a thread"),
          Ban.of("java\\.util\\.(.*\\.)?[A-Za-z]*(Stream|Collection|List|Set)",
              "parallel|parallelStream", "a thread"),
          Ban.of("java\\.util\\.concurrent\\.CompletableFuture",
              "orTimeout|completeOnTimeout|delayedExecutor", "a clock"),
          Ban.of("java\\.lang\\.(Strict)?Math", "random", "chance"),
          Ban.of("java\\.util\\.concurrent\\.ThreadLocalRandom", ".*", "chance"),
          Ban.of("java\\.security\\.SecureRandom", ".*", "chance"),
          Ban.of("java\\.util\\.UUID", "randomUUID", "chance"),
          Ban.of("java\\.util\\.random\\.RandomGenerator(Factory)?",
              "getDefault|of|create", "chance"),
          Ban.of("java\\.io\\.(File.*|RandomAccessFile)", ".*", "a file"),
          Ban.of("java\\.nio\\.file\\.(Files|FileSystems?)", ".*", "a file"),
          Ban.of("java\\.nio\\.channels\\.(.*Channel|Selector|FileLock)", ".*", "a file or socket"),
          Ban.of("java\\.net\\.(.*Socket.*|Inet.*Address|URL|URLConnection|NetworkInterface)",
              ".*", "a socket"),
          Ban.of("java\\.net\\.http\\..*", ".*", "a socket"),
          Ban.of("java\\.lang\\.System", "identityHashCode", "an order that differs between runs"),
          Ban.of("java\\.io\\.Object(In|Out)put.*", ".*", "Java serialization"));

  /** Collections whose order differs between processes, or comes from hash codes. */
  private static final List<Ban> HASH_ORDER =
      List.of(
          Ban.of(
              "java\\.util\\.(Hash|IdentityHash|WeakHash)(Map|Set|table)", "<init>", "hash order"),
          Ban.of("java\\.util\\.concurrent\\.ConcurrentHashMap", "<init>|newKeySet", "hash order"),
          Ban.of("java\\.util\\.(Map|Set)", "of|ofEntries|copyOf", "hash order"),
          Ban.of(
              "java\\.util\\.stream\\.Collectors",
              "toSet|toMap|groupingBy|toUnmodifiableSet|toUnmodifiableMap|toConcurrentMap"
                  + "|groupingByConcurrent|partitioningBy",
              "hash order"));

  /** Calls whose results come in the order of the collection. */
  private static final Ban ITERATION =
      Ban.of(
          "java\\.util\\.(concurrent\\.)?(Concurrent|Hash|IdentityHash|WeakHash)?(Hash)?(Map|Set)",
          "entrySet|keySet|values|iterator|spliterator|forEach|stream|toArray|elements|keys"
              + "|replaceAll|reduce.*|search.*",
          "hash order");

  private static List<String> worldCalls(Iterable<JavaClass> classes) {
    List<String> found = new ArrayList<>();
    for (JavaClass each : classes) {
      for (JavaAccess<?> access : each.getAccessesFromSelf()) {
        for (Ban ban : WORLD) {
          if (ban.matches(access)) {
            found.add(topLevel(each) + ": " + ban.why() + ": " + access.getDescription());
          }
        }
        if (isUnseededRandom(access)) {
          found.add(topLevel(each) + ": chance: " + access.getDescription());
        }
        if (isAsyncWithoutExecutor(access)) {
          found.add(topLevel(each) + ": a thread: " + access.getDescription());
        }
      }
    }
    return found;
  }

  /** Iterations in classes that make collections of hash order: they may be over those. */
  private static List<String> hashIterations(Iterable<JavaClass> classes) {
    Set<String> makers = new TreeSet<>();
    for (JavaClass each : classes) {
      for (JavaAccess<?> access : each.getAccessesFromSelf()) {
        if (HASH_ORDER.stream().anyMatch(ban -> ban.matches(access)) && !holdsAtMostOne(access)) {
          makers.add(topLevel(each));
        }
      }
    }
    List<String> found = new ArrayList<>();
    for (JavaClass each : classes) {
      if (makers.contains(topLevel(each))) {
        for (JavaAccess<?> access : each.getAccessesFromSelf()) {
          if (ITERATION.matches(access)) {
            found.add(topLevel(each) + ": " + access.getDescription());
          }
        }
      }
    }
    return found;
  }

  /** {@code Map.of()}, {@code Map.of(key, value)}, {@code Set.of()}, {@code Set.of(element)}. */
  private static boolean holdsAtMostOne(JavaAccess<?> access) {
    if (!access.getTarget().getName().equals("of")) {
      return false;
    }
    String call = access.getTarget().getFullName();
    String parameters = call.substring(call.indexOf('(') + 1, call.lastIndexOf(')'));
    int count = parameters.isBlank() ? 0 : parameters.split(",").length;
    return count <= (call.startsWith("java.util.Map.") ? 2 : 1) && !parameters.contains("[");
  }

  private static boolean isUnseededRandom(JavaAccess<?> access) {
    return access.getTarget().getFullName().matches(
        "java\\.util\\.(Random|SplittableRandom)\\.<init>\\(\\)");
  }

  private static boolean isAsyncWithoutExecutor(JavaAccess<?> access) {
    return access.getTargetOwner().getName().matches(
            "java\\.util\\.concurrent\\.Completa(bleFuture|ionStage|bleStage)|.*CompletionStage")
        && access.getTarget().getName().endsWith("Async")
        && !access.getTarget().getFullName().contains("java.util.concurrent.Executor");
  }

  private static String topLevel(JavaClass each) {
    return each.getName().replaceAll("\\$.*", "");
  }

  private static List<String> outside(List<String> found, Map<String, String> permitted) {
    return found.stream()
        .filter(line -> !permitted.containsKey(line.substring(0, line.indexOf(':'))))
        .toList();
  }

  /** Classes that are the door, and what each opens it for. */
  private static final Map<String, String> DOORS =
      Map.ofEntries(
          Map.entry("io.quorate.core.RealEnvironment", "joins the real parts"),
          Map.entry("io.quorate.core.SystemClock", "the clock"),
          Map.entry("io.quorate.core.BlockingExecutors", "threads that may block"),
          Map.entry("io.quorate.core.LoopWatchdog", "notices stuck event loops"),
          Map.entry("io.quorate.core.storage.DirectoryStorage", "real files"),
          Map.entry("io.quorate.core.storage.DirectoryFile", "a real file"),
          Map.entry("io.quorate.core.transport.NettyLoops", "threads of event loops"),
          Map.entry("io.quorate.core.transport.Background", "resolves names, reloads files"),
          Map.entry("io.quorate.core.transport.TcpTransport", "TCP"),
          Map.entry("io.quorate.core.transport.AcceptedConnection", "names a TCP peer"),
          Map.entry("io.quorate.core.transport.Admission", "counts TCP peers by address"),
          Map.entry("io.quorate.core.transport.Security", "tells loopback from the rest"),
          Map.entry("io.quorate.core.transport.TlsContexts", "reads keys and certificates"),
          Map.entry("io.quorate.core.transport.UdpDatagrams", "UDP"),
          Map.entry("io.quorate.resilience.RealTime", "the real clock and timer"),
          Map.entry("io.quorate.resilience.Interrupter", "interrupts a caller that waits"),
          Map.entry("io.quorate.resilience.SyncCall", "passes on an interrupt"));

  /** Classes that make collections of hash order and iterate, and why no order gets out. */
  private static final Map<String, String> ORDER_FREE =
      Map.ofEntries(
          Map.entry("io.quorate.resilience.StaleCache", "removes what is over; counts"),
          Map.entry("io.quorate.resilience.balance.HealthChecker", "iterates linked maps only"),
          Map.entry(
              "io.quorate.replication.checkpoint.ReplicatedCheckpointStore",
              "copies into sorted maps before iterating"),
          Map.entry("io.quorate.replication.quorum.HintLog", "sorts nodes; keys are linked"),
          Map.entry(
              "io.quorate.replication.local.LogStructuredStore",
              "keys hash by their bytes: the same in every process"),
          Map.entry("io.quorate.replication.local.Recovery", "looks for a missing file"),
          Map.entry("io.quorate.replication.training.StateShards", "iterates sorted maps only"),
          Map.entry("io.quorate.replication.replica.CellTable", "sorts before it returns"));

  @Test
  void libraries_reach_clocks_threads_chance_files_and_sockets_through_the_environment_alone() {
    assertThat(LIBRARIES).hasSizeGreaterThan(100);
    assertThat(outside(worldCalls(LIBRARIES), DOORS)).isEmpty();
  }

  @Test
  void libraries_let_no_hash_order_reach_an_output() {
    // The real network has no order that could be repeated; simulations have one of their own.
    List<String> found =
        hashIterations(LIBRARIES).stream()
            .filter(line -> !line.startsWith("io.quorate.core.transport."))
            .toList();

    assertThat(outside(found, ORDER_FREE)).isEmpty();
  }

  @Test
  void each_forbidden_call_is_found_where_it_is_planted() {
    String found = String.join("\n", worldCalls(classes(Culprit.class)));

    assertThat(found)
        .contains("Instant.now()", "System.nanoTime()", "System.currentTimeMillis()")
        .contains("Thread.<init>", "Executors.newCachedThreadPool()", "TimeUnit.sleep")
        .contains("Collection.parallelStream()", "Stream.parallel()")
        .contains("Math.random()", "ThreadLocalRandom.current()", "SecureRandom.<init>")
        .contains("UUID.randomUUID()", "Random.<init>()", "SplittableRandom.<init>()")
        .contains("Files.exists", "FileChannel.open", "Socket.<init>", "File.<init>")
        .contains("CompletableFuture.supplyAsync", "CompletableFuture.thenRunAsync")
        .contains("CompletableFuture.orTimeout")
        .contains("System.identityHashCode", "ObjectInputStream.<init>")
        .doesNotContain("runAsync");
  }

  @Test
  void an_iteration_over_hash_order_is_found_where_it_is_planted_and_a_look_up_is_not() {
    assertThat(hashIterations(classes(HashIteration.class))).hasSize(1);
    assertThat(hashIterations(classes(SetIteration.class))).hasSize(1);
    assertThat(hashIterations(classes(LookUp.class))).isEmpty();
    assertThat(hashIterations(classes(LinkedIteration.class))).isEmpty();
  }

  private static List<JavaClass> classes(Class<?> planted) {
    return List.copyOf(new ClassFileImporter().importClasses(planted));
  }

  /** Does everything that is forbidden, and one thing that is not. Only scanned, never run. */
  static final class Culprit {
    private Culprit() {}

    static Object clocks() {
      return List.of(Instant.now(), System.nanoTime(), System.currentTimeMillis());
    }

    static Object threads(List<String> list) throws Exception {
      new Thread(() -> {}).start();
      TimeUnit.SECONDS.sleep(1);
      list.stream().parallel().count();
      Collection<String> collection = list;
      return List.of(Executors.newCachedThreadPool(), collection.parallelStream().count());
    }

    static Object chance() {
      return List.of(
          Math.random(),
          ThreadLocalRandom.current().nextInt(),
          new SecureRandom(),
          UUID.randomUUID(),
          new Random(),
          new SplittableRandom());
    }

    static Object files(Path path) throws Exception {
      return List.of(
          Files.exists(path), FileChannel.open(path), new Socket(), new File("x"));
    }

    static Object futures(Executor executor) {
      CompletableFuture.runAsync(() -> {}, executor);
      CompletableFuture.supplyAsync(() -> 1).thenRunAsync(() -> {});
      return new CompletableFuture<String>().orTimeout(1, TimeUnit.SECONDS);
    }

    static Object others(Object object, InputStream in) throws Exception {
      return List.of(System.identityHashCode(object), new ObjectInputStream(in));
    }
  }

  /** Only scanned, never run. */
  static final class HashIteration {
    private HashIteration() {}

    static void run(Runnable runnable) {
      Map<String, Integer> map = new HashMap<>();
      map.forEach((key, value) -> runnable.run());
    }
  }

  /** Only scanned, never run. */
  static final class SetIteration {
    private SetIteration() {}

    static String run() {
      StringBuilder out = new StringBuilder();
      for (String each : Set.of("a", "b")) {
        out.append(each);
      }
      return out.toString();
    }
  }

  /** Only scanned, never run. */
  static final class LookUp {
    private LookUp() {}

    static Integer run() {
      Map<String, Integer> map = new HashMap<>();
      map.put("a", 1);
      return map.get("a");
    }
  }

  /** Only scanned, never run. */
  static final class LinkedIteration {
    private LinkedIteration() {}

    static void run(Runnable runnable) {
      new LinkedHashMap<String, Integer>().forEach((key, value) -> runnable.run());
      Set.of("a").forEach(each -> runnable.run());
    }
  }
}
