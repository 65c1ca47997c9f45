package io.quorate.core.storage;

/** The whitelist of paths: what passes cannot leave the root, hide, or confuse a log. */
final class StoragePaths {
  private static final int MAX_NAMES = 16;
  private static final int MAX_NAME_LENGTH = 200;
  private static final int SHOWN_LENGTH = 80;

  private StoragePaths() {}

  static String check(String path) {
    String[] names = path.split("/", -1);
    boolean valid = names.length <= MAX_NAMES;
    for (String name : names) {
      valid &= isName(name);
    }
    if (!valid) {
      throw new IllegalArgumentException(
          "path must be names of a-z A-Z 0-9 . _ - that do not begin with a dot, was "
              + shown(path));
    }
    return path;
  }

  /** A directory, which may also be the root. */
  static String checkDirectory(String path) {
    return path.isEmpty() ? path : check(path);
  }

  /** The directory that {@code path} is in; the root is the empty path. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static boolean isName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME_LENGTH || name.charAt(0) == '.') {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static String shown(String path) {
    StringBuilder shown = new StringBuilder("'");
    for (int i = 0; i < Math.min(path.length(), SHOWN_LENGTH); i++) {
      char c = path.charAt(i);
      shown.append(c >= ' ' && c <= '~' ? c : '?');
    }
    return shown.append(path.length() > SHOWN_LENGTH ? "...'" : "'").toString();
  }
}
