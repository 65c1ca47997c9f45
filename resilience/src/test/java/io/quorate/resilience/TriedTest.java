package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TriedTest {
  @Test
  void it_grows_and_knows_its_targets_by_identity() {
    Tried<Object> tried = Tried.empty();
    Object[] targets = new Object[9];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = new Object();
      tried.add(targets[i]);
      tried.add(targets[i]);
    }

    assertThat(tried.count()).isEqualTo(9);
    assertThat(targets).allMatch(tried::contains);
    assertThat(tried.contains(new Object())).isFalse();
  }

  @Test
  void the_shared_empty_set_cannot_be_added_to() {
    Tried<String> none = Tried.none();

    assertThat(none.count()).isZero();
    assertThat(none.contains("a")).isFalse();
    assertThatThrownBy(() -> none.add("a")).isInstanceOf(UnsupportedOperationException.class);
  }
}
