package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import io.quorate.core.transport.Address;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * Whose directory this is: the file {@code node}, written before anything else, and replaced whole.
 *
 * <pre>
 * 1 byte    version, 1
 * text      node
 * 4 bytes   number of members that its cluster began with
 * text      each of them, sorted
 * 4 bytes   number of members whose addresses it has been told since
 * text      each of them, sorted, and behind it its address as text
 * 4 bytes   CRC32C of all before
 * </pre>
 *
 * @param node the node
 * @param founders the members that its cluster began with
 * @param peers where members were last known to be that no command line names
 */
record Home(NodeId node, SortedSet<NodeId> founders, SortedMap<NodeId, Address> peers) {
  private static final int VERSION = 1;
  private static final int MAX_BYTES = 1 << 16;
  private static final int MAX_ID_BYTES = 256;
  private static final String FILE = "node";

  Home {
    founders = Collections.unmodifiableSortedSet(new TreeSet<>(founders));
    peers = Collections.unmodifiableSortedMap(new TreeMap<>(peers));
  }

  Home withPeers(SortedMap<NodeId, Address> peers) {
    return new Home(node, founders, peers);
  }

  /**
   * What a directory says; empty if it says nothing yet.
   *
   * @throws CorruptionException if it is damaged
   */
  static Optional<Home> find(Storage storage) {
    return storage.exists(FILE) ? Optional.of(read(storage)) : Optional.empty();
  }

  /**
   * Makes an unclaimed directory this node's.
   *
   * @return what it says from now on
   * @throws StorageException if it is another node's or another cluster's, or damaged
   */
  Home claim(Storage storage) {
    Optional<Home> before = find(storage);
    if (before.isEmpty()) {
      write(storage);
      return this;
    }
    Home found = before.get();
    if (!found.node().equals(node) || !found.founders().equals(founders)) {
      int offset = found.node().equals(node) ? 1 + encoded(node).length : 1;
      throw new StorageException(
          "file " + FILE + " at offset " + offset + " belongs to " + found + ", not to " + this);
    }
    return found;
  }

  /** Replaces what the directory says. */
  void write(Storage storage) {
    ByteWriter out = new ByteWriter();
    out.int8(VERSION).text(node.value()).int32(founders.size());
    founders.forEach(founder -> out.text(founder.value()));
    out.int32(peers.size());
    peers.forEach((peer, address) -> out.text(peer.value()).text(address.toString()));
    out.int32(crc(out.array(), out.size()));
    String beside = FILE + ".new";
    storage.delete(beside);
    try (StorageFile file = storage.create(beside)) {
      file.write(0, ByteBuffer.wrap(out.toByteArray()));
      file.force(true);
    }
    storage.rename(beside, FILE);
    storage.syncDirectory("");
  }

  private static Home read(Storage storage) {
    byte[] bytes;
    try (StorageFile file = storage.open(FILE)) {
      if (file.size() > MAX_BYTES) {
        throw new CorruptionException(FILE, 0, "at most " + MAX_BYTES + " bytes expected");
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
      file.read(0, buffer);
      bytes = buffer.array();
    }
    ByteReader in = new ByteReader(bytes);
    try {
      int version = in.uint8();
      if (version != VERSION) {
        throw new CorruptionException(FILE, 0, "version " + VERSION + " expected, not " + version);
      }
      NodeId node = NodeId.of(in.text(MAX_ID_BYTES, "node"));
      SortedSet<NodeId> founders = new TreeSet<>();
      for (int left = in.int32(); left > 0; left--) {
        founders.add(NodeId.of(in.text(MAX_ID_BYTES, "founder")));
      }
      SortedMap<NodeId, Address> peers = new TreeMap<>();
      for (int left = in.int32(); left > 0; left--) {
        NodeId peer = NodeId.of(in.text(MAX_ID_BYTES, "peer"));
        peers.put(peer, Address.parse(in.text(MAX_ID_BYTES, "address")));
      }
      int expected = crc(bytes, in.position());
      if (in.int32() != expected) {
        throw new CorruptionException(FILE, in.position() - 4L, "CRC32C does not match");
      }
      return new Home(node, founders, peers);
    } catch (MalformedException | IllegalArgumentException e) {
      throw new CorruptionException(FILE, in.position(), e.getMessage());
    }
  }

  private static byte[] encoded(NodeId id) {
    return new ByteWriter().text(id.value()).toByteArray();
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  @Override
  public String toString() {
    return "node " + node + " of the cluster that began with " + founders;
  }
}
