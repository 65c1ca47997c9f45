package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.sim.Simulation;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/**
 * A bus that gives back what waits for a subscriber, whose thread goes on meanwhile: it gets a turn
 * at each of the moments at which the bus's loop is told something, one moment a run.
 */
class TakingBackTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int MOMENTS = 40;
  private static final SubscribeOptions MEMBER =
      SubscribeOptions.group("g").acknowledgedByHand();

  /** One course of events, with the subscriber's turn at one moment. */
  private static final class Course {
    final Simulation sim = Simulation.seeded(1);
    /** What the thread of the first subscription has to do. */
    final Queue<Runnable> subscriber = new ArrayDeque<>();
    /** By key, the messages in the order in which any member was first given them. */
    final SortedMap<String, LinkedHashSet<String>> firstTimes = new TreeMap<>();
    final List<Delivery> given = new ArrayList<>();
    final MessageBus bus;
    int untilTurn = Integer.MAX_VALUE;
    int givenInTurn;

    Course(int partitions) {
      Environment environment =
          sim.<Environment>node(NodeId.of("a"), started -> started).environment();
      Broker broker = Broker.inProcess(environment, "main");
      bus = MessageBus.on(watched(environment), broker, BusOptions.defaults());
      TopicOptions durable = TopicOptions.of(TopicKind.DURABLE).withPartitions(partitions);
      await(bus.create("t", durable));
    }

    /** The environment, but for the loop of the bus and the thread of its first subscription. */
    private Environment watched(Environment real) {
      return (Environment)
          Proxy.newProxyInstance(
              Environment.class.getClassLoader(),
              new Class<?>[] {Environment.class},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "eventLoop" -> new WatchedLoop(real.eventLoop((String) arguments[0]));
                    case "blockingExecutor" -> executor(real, (String) arguments[0]);
                    default -> method.invoke(real, arguments);
                  });
    }

    private Executor executor(Environment real, String name) {
      return name.endsWith("-0") ? subscriber::add : real.blockingExecutor(name);
    }

    /** Gives the subscriber's thread its turn when it is told something for the n-th time. */
    private final class WatchedLoop implements EventLoop {
      private final EventLoop real;

      WatchedLoop(EventLoop real) {
        this.real = real;
      }

      @Override
      public void execute(Runnable task) {
        if (untilTurn == Integer.MAX_VALUE || real.inLoop()) {
          real.execute(task);
        } else {
          // It is as quick as the other thread.
          task.run();
        }
        if (--untilTurn == 0) {
          int before = given.size();
          subscriberGoesOn();
          givenInTurn = given.size() - before;
        }
      }

      @Override
      public Timer schedule(long delayNanos, Runnable task) {
        return real.schedule(delayNanos, task);
      }

      @Override
      public boolean inLoop() {
        return real.inLoop();
      }
    }

    void subscriberGoesOn() {
      for (Runnable next = subscriber.poll(); next != null; next = subscriber.poll()) {
        next.run();
      }
    }

    void join(Subscriber member) {
      await(bus.subscribe("t", MEMBER, member));
    }

    void note(Delivery delivery) {
      given.add(delivery);
      firstTimes
          .computeIfAbsent(delivery.message().key().orElseThrow(), key -> new LinkedHashSet<>())
          .add(delivery.message().text());
    }

    void publish(int from, int to, String... keys) {
      for (int i = from; i < to; i++) {
        for (String key : keys) {
          await(bus.publish("t", Message.of("" + i).withKey(key)));
        }
      }
      sim.run(Duration.ofMillis(10));
    }

    void await(CompletableFuture<?> future) {
      sim.await(future, LIMIT);
    }

    /** Everybody goes on until everything is settled. */
    void finish() {
      untilTurn = Integer.MAX_VALUE;
      for (int i = 0; i < 20; i++) {
        sim.run(Duration.ofMillis(100));
        subscriberGoesOn();
      }
      sim.close();
    }
  }

  /** What the subscriber was given in its turns, of all the courses. */
  private static List<Integer> turns(List<Course> courses) {
    return courses.stream().map(course -> course.givenInTurn).distinct().sorted().toList();
  }

  @Test
  void behind_a_message_that_is_refused_a_later_one_does_not_overtake_one_given_back() {
    List<Course> courses = new ArrayList<>();
    for (int moment = 1; moment <= MOMENTS; moment++) {
      Course course = new Course(1);
      courses.add(course);
      course.join(
          delivery -> {
            course.note(delivery);
            if (!delivery.message().text().equals("0") || delivery.attempt() > 1) {
              delivery.ack();
            }
          });
      course.publish(0, 1, "k");
      course.subscriberGoesOn();
      course.publish(1, 5, "k");

      course.untilTurn = moment;
      course.given.get(0).nack(Duration.ZERO);
      course.finish();

      assertThat(course.firstTimes.get("k"))
          .as("turn at moment %d", moment)
          .containsExactly("0", "1", "2", "3", "4");
    }
    // The turns were in the midst of it: some of the four were given back and others not.
    assertThat(turns(courses)).contains(1, 2, 3);
  }

  @Test
  void of_a_partition_that_moves_a_later_message_does_not_overtake_one_given_back() {
    List<Course> courses = new ArrayList<>();
    for (int moment = 1; moment <= MOMENTS; moment++) {
      Course course = new Course(2);
      courses.add(course);
      Subscriber member =
          delivery -> {
            course.note(delivery);
            delivery.ack();
          };
      course.join(member);
      course.publish(0, 5, "a", "b", "c");

      course.untilTurn = moment;
      course.join(member);
      course.finish();

      assertThat(course.firstTimes).hasSize(3);
      assertThat(course.firstTimes.values())
          .as("turn at moment %d", moment)
          .allSatisfy(texts -> assertThat(texts).containsExactly("0", "1", "2", "3", "4"));
    }
    assertThat(turns(courses)).hasSizeGreaterThan(1);
  }
}
