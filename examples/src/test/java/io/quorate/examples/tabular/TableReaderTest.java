package io.quorate.examples.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableReaderTest {
  private static final String TABLE = "letter,x,y\nB,1,5\nA,2,5\nA,3,5\nB,4,5\nA,10,5\n";

  @TempDir Path directory;

  @Test
  void rows_labels_and_columns_are_read_and_the_last_fifth_is_held_out() throws Exception {
    Table table = TableReader.read(file(TABLE.getBytes(StandardCharsets.UTF_8)));

    assertThat(table.columns()).containsExactly("x", "y");
    assertThat(table.labels()).containsExactly("A", "B");
    assertThat(table.training()).extracting(Row::label).containsExactly(1, 0, 0, 1);
    assertThat(table.heldOut()).extracting(Row::text).containsExactly("10,5");
  }

  @Test
  void columns_are_scaled_by_the_training_rows_and_one_that_never_changes_is_zero()
      throws Exception {
    Table table = TableReader.read(file(TABLE.getBytes(StandardCharsets.UTF_8)));

    double sum = table.training().stream().mapToDouble(row -> row.features()[0]).sum();
    double squares =
        table.training().stream().mapToDouble(row -> row.features()[0] * row.features()[0]).sum();
    assertThat(sum).isCloseTo(0, within(1e-5));
    assertThat(squares).isCloseTo(4, within(1e-4));
    assertThat(table.training()).allMatch(row -> row.features()[1] == 0);
    assertThat(table.features("10,5")).isEqualTo(table.heldOut().get(0).features());
  }

  @Test
  void a_compressed_file_is_read_and_a_damaged_one_is_named() throws Exception {
    byte[] whole = gzip(TABLE);

    assertThat(TableReader.read(file(whole)).training()).hasSize(4);
    assertThatThrownBy(() -> TableReader.read(file(Arrays.copyOf(whole, whole.length - 12))))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("table.csv");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'letter,x,y|A,1,2|B,,3'; line 3: number 1 must be a finite number, was \"\"",
        "'letter,x|A,1|B,NaN|A,1'; line 3: number 1 must be a finite number, was \"NaN\"",
        "'letter,x|A,1|B,ten|A,1'; line 3: number 1 must be a finite number, was \"ten\"",
        "'letter,x|A,1|B,1,2'; line 3: expected 1 numbers, found 2",
        "'letter,x|A,1|B'; line 3: expected 1 numbers, found 0",
        "'letter,x|A,1||A,1'; line 3: no label",
        "'letter,x|\"A\",1'; line 2: quotes are not supported",
        "'letter'; line 1: expected a header of a label and at least one number",
        "''; line 1: empty: expected a header",
        "'letter,x|A,1'; needs at least 5 rows, has 1",
        "'letter,x|A,1|A,1|A,1|A,1|A,1'; needs 2 to 10000 labels, has 1",
      })
  void what_is_wrong_is_named_with_file_and_line(String text, String problem) throws Exception {
    Path file = file(text.replace('|', '\n').getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> TableReader.read(file))
        .isInstanceOf(TableException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(problem);
  }

  @Test
  void a_file_that_is_not_there_or_not_text_is_named() throws Exception {
    assertThatThrownBy(() -> TableReader.read(directory.resolve("none.csv")))
        .hasMessageEndingWith("none.csv: no such file");
    Path binary = file(new byte[] {'a', ',', 'b', '\n', (byte) 0xff, 0});
    assertThatThrownBy(() -> TableReader.read(binary)).hasMessageContaining("not UTF-8");
    assertThatThrownBy(() -> TableReader.read(directory)).isInstanceOf(TableException.class);
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(directory.resolve("table.csv"), content);
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }
}
