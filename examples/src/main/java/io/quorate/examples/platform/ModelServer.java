package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.Ngrams;

/** One serving replica: a model in memory and, for the story, a way to be slow or broken. */
final class ModelServer {
  /** How a replica is doing. */
  enum Mood {
    WELL,
    SLOW,
    FAILING
  }

  /** A model and its version. */
  record Version(long version, float[] parameters) {}

  private final NodeId node;
  private final LanguageModel model;
  private volatile Version current = new Version(0, new float[0]);
  private volatile Mood mood = Mood.WELL;

  ModelServer(NodeId node, LanguageModel model) {
    this.node = node;
    this.model = model;
  }

  NodeId node() {
    return node;
  }

  long version() {
    return current.version();
  }

  Mood mood() {
    return mood;
  }

  void mood(Mood mood) {
    this.mood = mood;
  }

  /** Serves {@code newer} from now on, unless what is served is newer still. */
  void load(Version newer) {
    if (newer.version() > current.version()) {
      current = newer;
    }
  }

  /** The label of {@code text}'s language. */
  int predict(String text) {
    Version now = current;
    if (now.version() == 0 || mood == Mood.FAILING) {
      throw new IllegalStateException("no model to answer with");
    }
    return model.guess(now.parameters(), Ngrams.of(text)).label();
  }
}
