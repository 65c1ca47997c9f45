package io.quorate.examples.language;

import java.text.DateFormatSymbols;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Names in many languages, from the Unicode CLDR data of the JDK that runs this. Names that several
 * languages share are left out. Which names there are depends on the JDK's release.
 *
 * @param languages their tags, by label
 * @param training nine tenths of the examples
 * @param heldOut the others, chosen by the name's hash
 */
public record LanguageNames(
    List<String> languages, List<Example> training, List<Example> heldOut) {
  private static final List<String> LANGUAGES =
      List.of(
          "af", "az", "ca", "cs", "cy", "da", "de", "en", "es", "et", "eu", "fi", "fr", "ga", "gl",
          "hr", "hu", "id", "is", "it", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "sk", "sl", "sq",
          "sv", "sw", "tr", "vi");

  /** Shorter ones are abbreviations such as {@code GMT+1}. */
  private static final int MIN_LENGTH = 4;

  /**
   * One name.
   *
   * @param text in its language's own script
   * @param label the index of its language
   * @param features see {@link Ngrams}
   */
  public record Example(String text, int label, int[] features) {}

  public LanguageNames {
    languages = List.copyOf(languages);
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
  }

  /** Collects the names; takes seconds. */
  public static LanguageNames collect() {
    List<Locale> codes = languageCodes();
    Map<String, Integer> labels = new TreeMap<>();
    int shared = -1;
    for (int label = 0; label < LANGUAGES.size(); label++) {
      for (String name : names(Locale.forLanguageTag(LANGUAGES.get(label)), codes)) {
        labels.merge(name, label, (a, b) -> shared);
      }
    }
    List<Example> training = new ArrayList<>();
    List<Example> heldOut = new ArrayList<>();
    labels.forEach(
        (text, label) -> {
          if (label != shared) {
            Example example = new Example(text, label, Ngrams.of(text));
            (Math.floorMod(text.hashCode(), 10) == 0 ? heldOut : training).add(example);
          }
        });
    return new LanguageNames(LANGUAGES, training, heldOut);
  }

  /** Languages that have a name of two or three letters, in English at least. */
  private static List<Locale> languageCodes() {
    TreeSet<String> codes = new TreeSet<>(List.of(Locale.getISOLanguages()));
    for (char a = 'a'; a <= 'z'; a++) {
      for (char b = 'a'; b <= 'z'; b++) {
        for (char c = 'a'; c <= 'z'; c++) {
          String code = "" + a + b + c;
          if (!Locale.forLanguageTag(code).getDisplayLanguage(Locale.ENGLISH).equals(code)) {
            codes.add(code);
          }
        }
      }
    }
    return codes.stream().map(Locale::forLanguageTag).toList();
  }

  private static TreeSet<String> names(Locale language, List<Locale> codes) {
    TreeSet<String> names = new TreeSet<>();
    for (Locale code : codes) {
      add(names, code.getDisplayLanguage(language), code.getLanguage());
    }
    for (String country : Locale.getISOCountries()) {
      Locale locale = new Locale.Builder().setRegion(country).build();
      add(names, locale.getDisplayCountry(language), country);
    }
    for (Currency currency : Currency.getAvailableCurrencies()) {
      add(names, currency.getDisplayName(language), currency.getCurrencyCode());
    }
    for (String[] zone : DateFormatSymbols.getInstance(language).getZoneStrings()) {
      // The first is the zone's id; long and short names follow.
      add(names, zone[1], zone[0]);
      add(names, zone[3], zone[0]);
    }
    return names;
  }

  private static void add(TreeSet<String> names, String name, String code) {
    if (name.length() >= MIN_LENGTH && !name.equals(code)) {
      names.add(name);
    }
  }
}
