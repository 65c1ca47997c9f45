package io.quorate.resilience;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.net.URI;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Rules about the compiled classes; checklist items 62 and 66. Each rule is also run against a
 * class that breaks it.
 */
class ArchitectureTest {
  /** The classes of this module alone; tests are compiled to another folder. */
  private static final JavaClasses MAIN =
      new ClassFileImporter().importPath(classesOf(RealTime.class));

  private static final Set<String> DOORS =
      Set.of(
          "java.lang.System.nanoTime",
          "java.lang.System.currentTimeMillis",
          "java.time.Instant.now",
          "java.lang.Thread.<init>",
          "java.lang.Thread.start",
          "java.lang.Thread.sleep",
          "java.util.concurrent.TimeUnit.sleep",
          "java.lang.Math.random",
          "java.util.concurrent.ThreadLocalRandom.current",
          "java.util.Random.<init>",
          "java.util.concurrent.ForkJoinPool.commonPool");

  private static final ArchRule ONE_DOOR =
      noClasses()
          .that(DescribedPredicate.not(belongTo(equivalentTo(RealTime.class))))
          .should()
          .accessTargetWhere(
              DescribedPredicate.describe(
                  "the target is a clock, a thread or chance",
                  (JavaAccess<?> access) ->
                      DOORS.contains(
                          access.getTargetOwner().getName() + "." + access.getTarget().getName())));

  private static final ArchRule NO_MONITORS =
      noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED);

  private static final ArchRule NO_THREAD_LOCALS =
      noClasses().should().dependOnClassesThat().areAssignableTo(ThreadLocal.class);

  private static final ArchRule NO_REFLECTION =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.reflect.Method")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.reflect.Field")
          .orShould()
          .callMethod(Class.class, "forName", String.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(java.util.ServiceLoader.class);

  private static final ArchRule FEW_DEPENDENCIES =
      noClasses()
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "are neither ours, nor the JDK's, nor SLF4J's",
                  (JavaClass type) ->
                      !type.getPackageName().startsWith("io.quorate.resilience")
                          && !type.getPackageName().startsWith("java")
                          && !type.getPackageName().startsWith("jdk.jfr")
                          && !type.getPackageName().startsWith("org.slf4j")
                          && !type.getPackageName().isEmpty()));

  /** Breaks every rule. */
  @SuppressWarnings("unused") // read by the rules
  private static final class Offender {
    private final ThreadLocal<Long> local = ThreadLocal.withInitial(System::nanoTime);

    synchronized Object offend() throws ReflectiveOperationException {
      return Class.forName("x").getDeclaredMethod("y").getName() + System.nanoTime();
    }

    org.assertj.core.api.Assertions stranger;
  }

  @Test
  void the_rules_see_the_classes_of_this_module() {
    assertThat(MAIN.contain(CircuitBreaker.class)).isTrue();
    assertThat(MAIN.contain(ArchitectureTest.class)).isFalse();
    assertThat(MAIN).hasSizeGreaterThan(100);
  }

  @Test
  void time_threads_and_chance_come_through_one_door() {
    ONE_DOOR.check(MAIN);
  }

  @Test
  void item_62_no_monitor_and_no_thread_local() {
    NO_MONITORS.check(MAIN);
    NO_THREAD_LOCALS.check(MAIN);
  }

  @Test
  void item_62_no_synchronized_block_either() throws Exception {
    Path main = classesOf(RealTime.class);
    assertThat(MonitorScan.blocksBelow(main, "")).isZero();
    assertThat(MonitorScan.blocksBelow(classesOf(MonitorScan.class), "MonitorScan")).isEqualTo(1);
  }

  private static Path classesOf(Class<?> type) {
    return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
        .resolve("io/quorate/resilience");
  }

  @Test
  void item_66_no_reflection_so_a_native_image_needs_no_hints() {
    NO_REFLECTION.check(MAIN);
  }

  @Test
  void it_depends_on_the_jdk_and_slf4j_alone() {
    FEW_DEPENDENCIES.check(MAIN);
  }

  @Test
  void a_class_that_breaks_them_is_caught_by_each_rule() {
    JavaClasses offender = new ClassFileImporter().importClasses(Offender.class);
    for (ArchRule rule :
        new ArchRule[] {
          ONE_DOOR, NO_MONITORS, NO_THREAD_LOCALS, NO_REFLECTION, FEW_DEPENDENCIES
        }) {
      assertThatThrownBy(() -> rule.check(offender)).isInstanceOf(AssertionError.class);
    }
  }
}
