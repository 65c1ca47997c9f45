package io.quorate.consensus.store;

import io.quorate.consensus.raft.Applied;
import io.quorate.consensus.raft.Frozen;
import io.quorate.consensus.raft.StateMachine;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The replica of a store. Freezing it costs nothing: see {@link SortedRecords}.
 *
 * <p>A snapshot is a version byte, the index, and for each record 1, the key behind its length, the
 * value behind its length, version and expiry; then 0. Lengths are 4 bytes, the other numbers 8.
 */
final class StoreMachine implements StateMachine<StoreCommand, StoreResult> {
  private static final int FORMAT = 1;
  private static final byte[] EMPTY = {};

  private final RecentChanges recent;
  private SortedRecords records = new SortedRecords();
  /** Keys by the log time at which they go, unless they were written again since. */
  private final TreeMap<Long, List<byte[]>> expiries = new TreeMap<>();
  private long index;

  StoreMachine(RecentChanges recent) {
    this.recent = recent;
  }

  SortedRecords records() {
    return records;
  }

  RecentChanges recent() {
    return recent;
  }

  /** The index of the last command or expiry. */
  long index() {
    return index;
  }

  @Override
  public StoreResult apply(Applied at, StoreCommand command) {
    index = at.index();
    boolean held = true;
    for (Condition condition : command.conditions()) {
      held &= condition.holds(records.get(condition.key()));
    }
    int effective = 0;
    for (Change change : held ? command.changes() : command.otherwise()) {
      if (change.value() != null) {
        put(at, change);
        effective++;
      } else if (records.get(change.key()) != null) {
        delete(at.index(), change.key(), false);
        effective++;
      }
    }
    return new StoreResult(held, at.index(), effective);
  }

  @Override
  public void timePassed(Applied at) {
    while (!expiries.isEmpty() && expiries.firstKey() <= at.timeMillis()) {
      Map.Entry<Long, List<byte[]>> due = expiries.pollFirstEntry();
      for (byte[] key : due.getValue()) {
        SortedRecords.Record found = records.get(key);
        if (found != null && found.expiryMillis() == due.getKey()) {
          index = at.index();
          delete(at.index(), key, true);
        }
      }
    }
  }

  @Override
  public OptionalLong nextDeadlineMillis() {
    return expiries.isEmpty() ? OptionalLong.empty() : OptionalLong.of(expiries.firstKey());
  }

  @Override
  public Frozen freeze() {
    SortedRecords frozen = records.freeze();
    long frozenIndex = index;
    return out -> {
      DataOutputStream data = new DataOutputStream(out);
      data.writeByte(FORMAT);
      data.writeLong(frozenIndex);
      // In the order of the keys: equal states make equal bytes.
      List<IOException> failed = new ArrayList<>();
      frozen.visit(
          EMPTY,
          null,
          (key, record) -> {
            try {
              write(data, key, record);
            } catch (IOException e) {
              failed.add(e);
            }
            return failed.isEmpty();
          });
      if (!failed.isEmpty()) {
        throw failed.get(0);
      }
      data.writeByte(0);
    };
  }

  @Override
  public void restore(InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    int format = data.readByte();
    if (format != FORMAT) {
      throw new IOException("a store of format " + format + ", this release knows " + FORMAT);
    }
    index = data.readLong();
    records = new SortedRecords();
    expiries.clear();
    while (data.readByte() == 1) {
      byte[] key = data.readNBytes(data.readInt());
      byte[] value = data.readNBytes(data.readInt());
      SortedRecords.Record record =
          new SortedRecords.Record(value, data.readLong(), data.readLong());
      records.put(key, record);
      noteExpiry(key, record.expiryMillis());
    }
    recent.jumpedTo(index);
  }

  private static void write(DataOutputStream out, byte[] key, SortedRecords.Record record)
      throws IOException {
    out.writeByte(1);
    out.writeInt(key.length);
    out.write(key);
    out.writeInt(record.value().length);
    out.write(record.value());
    out.writeLong(record.version());
    out.writeLong(record.expiryMillis());
  }

  private void put(Applied at, Change change) {
    long expiry = change.ttlMillis() == 0 ? 0 : at.timeMillis() + change.ttlMillis();
    records.put(
        change.key(), new SortedRecords.Record(change.value(), at.index(), expiry));
    noteExpiry(change.key(), expiry);
    recent.add(new Happening(at.index(), change.key(), change.value(), false));
  }

  private void delete(long at, byte[] key, boolean expired) {
    records.remove(key);
    recent.add(new Happening(at, key, null, expired));
  }

  private void noteExpiry(byte[] key, long expiryMillis) {
    if (expiryMillis != 0) {
      expiries.computeIfAbsent(expiryMillis, at -> new ArrayList<>()).add(key);
    }
  }

  /** The lowest key of all. */
  static byte[] lowest() {
    return EMPTY;
  }
}
