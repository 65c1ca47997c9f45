package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import io.quorate.core.transport.Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class HomeTest {
  private static final NodeId N1 = NodeId.of("n1");
  private static final NodeId N2 = NodeId.of("n2");
  private static final Home HOME =
      new Home(N1, new TreeSet<>(List.of(N1, N2)), new TreeMap<>());

  private final Storage storage = Storage.inMemory();

  @Test
  void a_directory_that_is_claimed_is_known_again_with_its_peers() {
    Home withPeer =
        HOME.claim(storage)
            .withPeers(new TreeMap<>(Map.of(NodeId.of("n4"), new Address("10.0.0.4", 7))));
    withPeer.write(storage);

    assertThat(HOME.claim(storage)).isEqualTo(withPeer);
    assertThat(Home.find(storage)).contains(withPeer);
  }

  @Test
  void another_node_and_another_cluster_are_refused_with_file_and_offset() {
    HOME.claim(storage);

    assertThatThrownBy(() -> new Home(N2, HOME.founders(), new TreeMap<>()).claim(storage))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("file node at offset 1 belongs to node n1");
    assertThatThrownBy(
            () -> new Home(N1, new TreeSet<>(List.of(N1)), new TreeMap<>()).claim(storage))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("file node at offset");
  }

  @Test
  void each_flipped_bit_and_each_cut_is_noticed() {
    HOME.claim(storage);
    byte[] good = bytes();
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      replace(bad);
      assertThatThrownBy(() -> Home.find(storage)).isInstanceOf(CorruptionException.class);
    }
    for (int length = 0; length < good.length; length++) {
      replace(Arrays.copyOf(good, length));
      assertThatThrownBy(() -> Home.find(storage)).isInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void the_bytes_are_those_of_the_table() {
    new Home(N1, HOME.founders(), new TreeMap<>(Map.of(N2, new Address("h", 1)))).claim(storage);

    assertThat(HexFormat.of().formatHex(bytes()))
        .isEqualTo("01026e3100000002026e31026e3200000001026e3203683a31a9a7194f");
  }

  private byte[] bytes() {
    try (StorageFile file = storage.open("node")) {
      ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
      file.read(0, buffer);
      return buffer.array();
    }
  }

  private void replace(byte[] bytes) {
    storage.delete("node");
    try (StorageFile file = storage.create("node")) {
      file.write(0, ByteBuffer.wrap(bytes));
    }
  }
}
