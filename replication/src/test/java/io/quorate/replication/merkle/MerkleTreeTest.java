package io.quorate.replication.merkle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Item P21. */
class MerkleTreeTest {
  private static final NodeId NODE = NodeId.of("a");

  private static long hash(int key) {
    return MerkleTree.hash(("key" + key).getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  @Test
  void p21_the_tree_equals_its_recomputation_after_any_changes() {
    Random random = new Random(5);
    Map<Integer, Tag> held = new TreeMap<>();
    MerkleTree inline = new MerkleTree();
    for (int i = 1; i <= 20_000; i++) {
      int key = random.nextInt(3_000);
      Tag after = random.nextInt(4) == 0 ? Tag.NONE : new Tag(i, NODE, 1);
      inline.replace(hash(key), held.getOrDefault(key, Tag.NONE), after);
      held.put(key, after);
    }
    MerkleTree again = new MerkleTree();
    held.forEach((key, tag) -> again.replace(hash(key), Tag.NONE, tag));

    for (int level = 0; level < MerkleTree.DEPTH; level++) {
      for (int index = 0; index < 1 << 4 * level; index++) {
        assertThat(inline.children(level, index)).isEqualTo(again.children(level, index));
      }
    }
    assertThat(inline.root()).isEqualTo(again.root());
  }

  @Test
  void p21_the_same_key_twice_or_two_keys_under_one_tag_do_not_cancel() {
    MerkleTree tree = new MerkleTree();
    tree.replace(hash(1), Tag.NONE, new Tag(1, NODE, 1));
    tree.replace(hash(1), Tag.NONE, new Tag(2, NODE, 1));
    assertThat(tree.root()).isNotZero();

    MerkleTree other = new MerkleTree();
    other.replace(hash(1), Tag.NONE, new Tag(1, NODE, 1));
    other.replace(hash(2), Tag.NONE, new Tag(1, NODE, 1));
    assertThat(other.root()).isNotZero();
  }

  @Test
  void p21_a_range_that_was_emptied_equals_one_that_never_held_anything() {
    MerkleTree tree = new MerkleTree();
    tree.replace(hash(1), Tag.NONE, new Tag(1, NODE, 1));
    tree.replace(hash(1), new Tag(1, NODE, 1), Tag.NONE);

    assertThat(tree.root()).isEqualTo(new MerkleTree().root());
  }

  @Test
  void time_writer_and_epoch_all_reach_the_hash() {
    long base = rootOf(new Tag(1, NODE, 1));

    assertThat(rootOf(new Tag(2, NODE, 1))).isNotEqualTo(base);
    assertThat(rootOf(new Tag(1, NODE, 2))).isNotEqualTo(base);
    assertThat(rootOf(new Tag(1, NodeId.of("b"), 1))).isNotEqualTo(base);
  }

  @Test
  void descending_where_children_differ_finds_exactly_the_leaves_that_differ() {
    MerkleTree ours = new MerkleTree();
    MerkleTree theirs = new MerkleTree();
    for (int key = 0; key < 50_000; key++) {
      ours.replace(hash(key), Tag.NONE, new Tag(1, NODE, 1));
      theirs.replace(hash(key), Tag.NONE, new Tag(key % 1_000 == 0 ? 2 : 1, NODE, 1));
    }

    List<Integer> nodes = List.of(0);
    for (int level = 0; level < MerkleTree.DEPTH; level++) {
      List<Integer> next = new ArrayList<>();
      for (int node : nodes) {
        next.addAll(ours.differing(level, node, theirs.children(level, node)));
      }
      nodes = next;
    }

    List<Integer> expected = new ArrayList<>();
    for (int key = 0; key < 50_000; key += 1_000) {
      expected.add(MerkleTree.leafOf(hash(key)));
    }
    assertThat(nodes).containsExactlyElementsOf(expected.stream().sorted().distinct().toList());
  }

  private static long rootOf(Tag tag) {
    MerkleTree tree = new MerkleTree();
    tree.replace(hash(1), Tag.NONE, tag);
    return tree.root();
  }
}
