package io.quorate.examples.platform;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** What a person who looks on may do to the nodes. One thing is done at a time. */
final class Controls implements AutoCloseable {
  /** What can be done. */
  enum Action {
    KILL,
    START,
    SLOW,
    FAIL,
    WELL,
    CUT,
    HEAL
  }

  private static final int MAX_QUEUED = 16;

  private final Scene scene;
  private final ExecutorService executor =
      new ThreadPoolExecutor(
          1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_QUEUED), Controls::thread);

  Controls(Scene scene) {
    this.scene = scene;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "controls");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Has something done to a node, soon.
   *
   * @throws IllegalArgumentException if there is no such node or it cannot be done to it
   */
  void act(String id, Action action) {
    Platform platform = scene.platform();
    if (platform == null) {
      throw new IllegalArgumentException("the platform is not there yet");
    }
    PlatformNode node =
        platform
            .node(id)
            .orElseThrow(() -> new IllegalArgumentException("there is no node of that name"));
    boolean isMood = action == Action.SLOW || action == Action.FAIL || action == Action.WELL;
    if (isMood && !(node instanceof ServingNode)) {
      throw new IllegalArgumentException(
          node.id() + " is no serving replica: only those can be slow or fail");
    }
    try {
      executor.execute(() -> act(platform, node, action));
    } catch (RejectedExecutionException e) {
      throw new IllegalArgumentException("too much is being done already", e);
    }
  }

  private void act(Platform platform, PlatformNode node, Action action) {
    try {
      switch (action) {
        case KILL -> node.kill();
        case START -> node.start();
        case CUT -> platform.wiring.cut(List.of(node.id()));
        case HEAL -> platform.wiring.heal(List.of(node.id()));
        case SLOW -> ((ServingNode) node).mood(ServingNode.Mood.SLOW);
        case FAIL -> ((ServingNode) node).mood(ServingNode.Mood.FAILING);
        case WELL -> ((ServingNode) node).mood(ServingNode.Mood.WELL);
        default -> throw new AssertionError("unhandled action " + action);
      }
      scene.chronicle.event("by hand: " + node.id() + " " + said(action));
    } catch (Exception e) {
      scene.chronicle.event("by hand: " + node.id() + " did not start: " + e.getMessage());
    }
  }

  private static String said(Action action) {
    return switch (action) {
      case KILL -> "is killed";
      case START -> "is started";
      case CUT -> "is cut off";
      case HEAL -> "can be reached again";
      case SLOW -> "is slow";
      case FAIL -> "fails fast";
      case WELL -> "is well";
    };
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
