package io.quorate.examples.readme.settings;

import io.quorate.core.membership.View;
import java.util.Collection;
import java.util.List;

/** A node that balances over those who serve. */
public abstract class Members extends Profiles {
  protected final byte[] sharedKey = new byte[32];
  protected final Balancer balancer = new Balancer();

  /** Sends requests to those it was given last. */
  public static final class Balancer {
    private List<?> members = List.of();

    /** From now on these. */
    public void set(Collection<?> members) {
      this.members = List.copyOf(members);
    }

    /** Those it has. */
    public List<?> members() {
      return members;
    }
  }

  protected List<?> serving(View view) {
    return List.copyOf(view.members());
  }
}
