package io.quorate.examples.recommender;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Who visited what.
 *
 * @param byUser items for each user, in the order of the data; each at least once
 * @param items how many items there are; they are 1 to this
 */
record Visits(SortedMap<Integer, int[]> byUser, int items) {
  static final int MAX_ITEMS = 2_000;

  private static final int GENERATED_ITEMS = 285;
  private static final int TOPICS = 15;
  private static final double SKEW = 1.3;
  private static final double LOYALTY = 0.6;
  private static final double MORE = 0.8;

  /** A file that is no list of visits; names the file and, where there is one, the line. */
  static final class MalformedException extends RuntimeException {
    MalformedException(String message) {
      super(message);
    }
  }

  int count() {
    return byUser.values().stream().mapToInt(items -> items.length).sum();
  }

  /** The share of all visits that went to the ten most visited items. */
  double topTenShare() {
    int[] visits = new int[items + 1];
    byUser.values().forEach(history -> Arrays.stream(history).forEach(item -> visits[item]++));
    Arrays.sort(visits);
    int top = 0;
    for (int i = 0; i < Math.min(10, items); i++) {
      top += visits[items - i];
    }
    return (double) top / count();
  }

  /**
   * Made-up visits as skewed as those of a real site: three per user, more than half of them to ten
   * items, and most of a user's visits within one topic.
   */
  static Visits generate(int users, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] sums = new double[GENERATED_ITEMS + 1];
    for (int item = 1; item <= GENERATED_ITEMS; item++) {
      sums[item] = sums[item - 1] + Math.pow(item, -SKEW);
    }
    SortedMap<Integer, int[]> byUser = new TreeMap<>();
    for (int user = 1; user <= users; user++) {
      List<Integer> history = new ArrayList<>();
      int first = draw(sums, random);
      history.add(first);
      while (random.nextDouble() < MORE && history.size() < 30) {
        int item = draw(sums, random);
        boolean loyal = random.nextDouble() < LOYALTY;
        while (loyal && item % TOPICS != first % TOPICS) {
          item = draw(sums, random);
        }
        if (!history.contains(item)) {
          history.add(item);
        }
      }
      byUser.put(user, history.stream().mapToInt(Integer::intValue).toArray());
    }
    return new Visits(byUser, GENERATED_ITEMS);
  }

  private static int draw(double[] sums, SplittableRandom random) {
    int at = Arrays.binarySearch(sums, random.nextDouble() * sums[sums.length - 1]);
    return Math.min(sums.length - 1, at < 0 ? -at - 1 : at + 1);
  }

  /**
   * Reads a CSV file with the header {@code user,item}, gzipped if its name ends in {@code .gz}.
   *
   * @throws MalformedException if it cannot be read or has another form
   */
  static Visits read(Path file) {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return parse(file, reader);
    } catch (NoSuchFileException e) {
      throw new MalformedException(file + ": no such file");
    } catch (ZipException e) {
      throw new MalformedException(file + ": damaged gzip: " + e.getMessage());
    } catch (IOException e) {
      throw new MalformedException(file + ": cannot be read: " + e.getMessage());
    }
  }

  private static Visits parse(Path file, BufferedReader reader) throws IOException {
    String header = reader.readLine();
    if (!"user,item".equals(header)) {
      throw new MalformedException(file + ":1: the header must be user,item, was " + header);
    }
    SortedMap<Integer, List<Integer>> histories = new TreeMap<>();
    int items = 0;
    int number = 1;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      String[] fields = line.split(",", -1);
      if (fields.length != 2) {
        throw new MalformedException(file + ":" + number + ": must be two numbers, was " + line);
      }
      int user = positive(file, number, fields[0], Integer.MAX_VALUE);
      int item = positive(file, number, fields[1], MAX_ITEMS);
      List<Integer> history = histories.computeIfAbsent(user, key -> new ArrayList<>());
      if (!history.contains(item)) {
        history.add(item);
      }
      items = Math.max(items, item);
    }
    if (histories.size() < 100) {
      throw new MalformedException(file + ": needs at least 100 users, has " + histories.size());
    }
    SortedMap<Integer, int[]> byUser = new TreeMap<>();
    histories.forEach(
        (user, history) ->
            byUser.put(user, history.stream().mapToInt(Integer::intValue).toArray()));
    return new Visits(byUser, items);
  }

  private static int positive(Path file, int line, String field, int most) {
    try {
      int value = Integer.parseInt(field);
      if (value >= 1 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below, with where it is.
    }
    throw new MalformedException(
        file + ":" + line + ": must be a number from 1 to " + most + ", was " + field);
  }
}
