package io.quorate.consensus.topic;

import io.quorate.consensus.raft.Applied;
import io.quorate.consensus.raft.Frozen;
import io.quorate.consensus.raft.StateMachine;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.pubsub.BrokerCommand;
import io.quorate.core.pubsub.BrokerCore;
import io.quorate.core.pubsub.BrokerSnapshot;
import io.quorate.core.pubsub.Outcome;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * One replica of the broker. Every replica comes to the same effects; here those of this node's own
 * sessions are passed on, so that messages reach a subscriber from the replica beside it.
 *
 * <p>Time is log time, which passes while the group has a leader: leases, redelivery and retention
 * stand still while there is none, and no clock of any node decides about them.
 *
 * <p>A snapshot is {@code int8 version 1 | int32 length | Streams | BrokerSnapshot}.
 */
final class TopicMachine implements StateMachine<TopicCommand, TopicResult> {
  private static final int FORMAT = 1;

  private final Listeners listeners;
  private final BrokerCore core = new BrokerCore();
  private Streams streams = new Streams();

  TopicMachine(Listeners listeners) {
    this.listeners = listeners;
  }

  BrokerCore core() {
    return core;
  }

  @Override
  public TopicResult apply(Applied at, TopicCommand batch) {
    TopicResult objection = streams.objection(batch, at.timeMillis());
    if (objection != null) {
      return objection;
    }
    List<List<Outcome>> outcomes = new ArrayList<>(batch.commands().size());
    for (byte[] command : batch.commands()) {
      outcomes.add(step(at, BrokerCommand.CODEC.decode(command)));
    }
    return new TopicResult.Applied(outcomes);
  }

  @Override
  public void timePassed(Applied at) {
    step(at, new BrokerCommand.Tick());
  }

  @Override
  public OptionalLong nextDeadlineMillis() {
    return core.nextDeadlineMillis();
  }

  private List<Outcome> step(Applied at, BrokerCommand command) {
    BrokerCore.Step step = core.step(at.timeMillis(), command);
    listeners.tell(step.effects());
    return step.outcomes();
  }

  @Override
  public Frozen freeze() {
    ByteWriter table = new ByteWriter();
    streams.write(table);
    BrokerSnapshot broker = core.freeze();
    return out -> {
      DataOutputStream data = new DataOutputStream(out);
      data.writeByte(FORMAT);
      data.writeInt(table.size());
      data.write(table.array(), 0, table.size());
      data.flush();
      broker.writeTo(out);
    };
  }

  @Override
  public void restore(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    int format = data.readByte();
    if (format != FORMAT) {
      throw new IOException("topics of format " + format + ", this release knows " + FORMAT);
    }
    ByteReader table = new ByteReader(data.readNBytes(data.readInt()));
    Streams restored = Streams.read(table);
    table.expectEnd();
    List<String> before = core.sessions();
    core.restore(in);
    streams = restored;
    listeners.jumped(before, core.sessions());
  }
}
