package io.quorate.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeIdTest {
  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(strings = {" ", "a b", "../x", ".hidden", "-n", "a/b", "a\n", "a%00", "é"})
  void a_name_that_is_unsafe_in_a_path_or_a_log_is_refused(String value) {
    assertThatThrownBy(() -> NodeId.of(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("node id")
        .hasMessageNotContaining("\n");
  }

  @Test
  void a_name_of_65_characters_is_refused_and_shown_with_its_length() {
    assertThat(NodeId.of("n".repeat(64)).value()).hasSize(64);
    assertThatThrownBy(() -> NodeId.of("n".repeat(65))).hasMessageContaining("nnn");
  }

  @Test
  void nodes_are_ordered_by_name() {
    assertThat(NodeId.of("n1")).isLessThan(NodeId.of("n2")).isEqualByComparingTo(NodeId.of("n1"));
  }
}
