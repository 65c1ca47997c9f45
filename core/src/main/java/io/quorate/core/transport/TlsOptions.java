package io.quorate.core.transport;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * Mutual TLS 1.3 between nodes. Each side must show a certificate that {@code authorities} vouch
 * for and whose subject alternative names contain the node it claims to be: a DNS name equal to the
 * node id, or a URI {@code quorate://CLUSTER/NODE}. Host names and addresses do not matter.
 *
 * <p>The files are read again when they have changed. New connections then use what is new;
 * existing ones go on. Files that cannot be read leave everything as it was, with a warning.
 *
 * @param certificates PEM file: this node's certificate, then those between it and an authority
 * @param privateKey PEM file: the key in PKCS#8, unencrypted; readable by its owner alone where the
 *     file system has such permissions
 * @param authorities PEM file: the certificates of the authorities, best of one private to the
 *     cluster
 * @param reloadPeriod how often to look whether the files have changed; at least a millisecond
 */
public record TlsOptions(
    Path certificates, Path privateKey, Path authorities, Duration reloadPeriod) {
  public TlsOptions {
    Objects.requireNonNull(certificates, "certificates");
    Objects.requireNonNull(privateKey, "privateKey");
    Objects.requireNonNull(authorities, "authorities");
    if (reloadPeriod.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "reloadPeriod must be at least a millisecond, was " + reloadPeriod);
    }
  }

  /** Those files, looked at once a minute. */
  public static TlsOptions of(Path certificates, Path privateKey, Path authorities) {
    return new TlsOptions(certificates, privateKey, authorities, Duration.ofMinutes(1));
  }

  public TlsOptions withReloadPeriod(Duration reloadPeriod) {
    return new TlsOptions(certificates, privateKey, authorities, reloadPeriod);
  }
}
