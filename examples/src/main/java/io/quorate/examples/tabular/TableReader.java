package io.quorate.examples.tabular;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads a {@link Table} from a file of comma-separated values in UTF-8, compressed with gzip or
 * not: a header line, then rows of the label and its numbers, without quotes.
 */
public final class TableReader {
  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int MAX_LABELS = 10_000;

  /** One line. */
  private record Line(String label, String text, float[] numbers) {}

  private final Path file;
  private final List<Line> lines = new ArrayList<>();
  private List<String> columns = List.of();

  private TableReader(Path file) {
    this.file = file;
  }

  /**
   * Reads {@code file}.
   *
   * @throws TableException if it cannot be read or is no such table
   */
  public static Table read(Path file) {
    return new TableReader(file).read();
  }

  private Table read() {
    try (BufferedReader in = open()) {
      readAll(in);
    } catch (NoSuchFileException e) {
      throw new TableException(file + ": no such file");
    } catch (CharacterCodingException e) {
      throw at(lines.size() + 2, "not UTF-8");
    } catch (ZipException e) {
      throw new TableException(file + ": damaged gzip: " + e.getMessage());
    } catch (IOException e) {
      throw new TableException(file + ": cannot be read: " + e.getMessage());
    }
    return table();
  }

  private BufferedReader open() throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(file));
    try {
      raw.mark(2);
      int magic = raw.read() << 8 | raw.read();
      raw.reset();
      InputStream in = magic == GZIP_MAGIC ? new GZIPInputStream(raw) : raw;
      return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  private void readAll(BufferedReader in) throws IOException {
    String header = in.readLine();
    if (header == null) {
      throw at(1, "empty: expected a header");
    }
    String[] names = header.split(",", -1);
    if (names.length < 2) {
      throw at(1, "expected a header of a label and at least one number, separated by commas");
    }
    columns = Arrays.asList(names).subList(1, names.length);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      lines.add(parse(line));
    }
  }

  private Line parse(String line) {
    int number = lines.size() + 2;
    if (line.indexOf('"') >= 0) {
      throw at(number, "quotes are not supported");
    }
    int comma = line.indexOf(',');
    String label = comma < 0 ? line.strip() : line.substring(0, comma).strip();
    if (label.isEmpty()) {
      throw at(number, "no label");
    }
    String text = comma < 0 ? "" : line.substring(comma + 1);
    try {
      return new Line(label, text, Table.numbers(text, columns.size()));
    } catch (IllegalArgumentException e) {
      throw at(number, e.getMessage());
    }
  }

  private Table table() {
    if (lines.size() < 5) {
      throw new TableException(file + ": needs at least 5 rows, has " + lines.size());
    }
    TreeSet<String> known = new TreeSet<>();
    lines.forEach(line -> known.add(line.label()));
    if (known.size() < 2 || known.size() > MAX_LABELS) {
      throw new TableException(
          file + ": needs 2 to " + MAX_LABELS + " labels, has " + known.size());
    }
    List<String> labels = List.copyOf(known);
    List<Line> first = lines.subList(0, (int) (lines.size() * 4L / 5));
    Scaling scaling = Scaling.of(first.stream().map(Line::numbers).toList());
    List<Row> rows =
        lines.stream()
            .map(
                line ->
                    new Row(
                        line.text(),
                        Collections.binarySearch(labels, line.label()),
                        scaling.apply(line.numbers())))
            .toList();
    return new Table(
        columns,
        labels,
        scaling,
        rows.subList(0, first.size()),
        rows.subList(first.size(), rows.size()));
  }

  private TableException at(int line, String problem) {
    return new TableException(file + ": line " + line + ": " + problem);
  }
}
