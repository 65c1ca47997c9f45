package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.codec.MalformedException;
import org.junit.jupiter.api.Test;

/** What travels between the nodes, and what a profile does to a prediction. */
class MessagesTest {
  @Test
  void messages_come_back_as_they_were() {
    Prediction prediction = new Prediction(33, 0.25f, 7, true);
    assertThat(Prediction.decode(prediction.encode())).isEqualTo(prediction);
    ModelUpdated updated = new ModelUpdated(2, 300, "ab".repeat(32));
    assertThat(ModelUpdated.decode(updated.encode())).isEqualTo(updated);
    Model model = Model.decode(new Model(3, new float[] {1.5f, -2}).encode());
    assertThat(model.version()).isEqualTo(3);
    assertThat(model.parameters()).containsExactly(1.5f, -2);
    assertThat(Profile.decode(Profile.of(4, 2, 9).encode()).counts()).containsExactly(0, 0, 9, 0);
  }

  @Test
  void messages_of_another_format_or_cut_short_are_refused() {
    byte[] bytes = new Prediction(1, 0.5f, 1, false).encode();
    bytes[0] = 9;

    assertThatThrownBy(() -> Prediction.decode(bytes)).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> Profile.decode(new byte[] {1, 3, 0}))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> ModelUpdated.decode(new byte[] {9}))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void a_profile_tips_the_scale_and_makes_nothing_impossible() {
    float[] doubt = {0.5f, 0.4f, 0.1f};

    float[] weighed = Profile.of(3, 1, 5).weigh(doubt);

    assertThat(weighed[1]).isGreaterThan(weighed[0]);
    assertThat(weighed[0] + weighed[1] + weighed[2]).isBetween(0.999f, 1.001f);
    assertThat(weighed[2]).isPositive();
  }

  @Test
  void a_profile_of_other_classes_or_none_changes_nothing() {
    float[] probabilities = {0.5f, 0.5f};

    assertThat(Profile.UNKNOWN.weigh(probabilities)).isEqualTo(probabilities);
    assertThat(Profile.of(3, 1, 5).weigh(probabilities)).isEqualTo(probabilities);
  }
}
