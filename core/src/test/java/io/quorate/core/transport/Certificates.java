package io.quorate.core.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;

/** Makes the certificates of a test: an authority and what it signs, in DER written by hand. */
final class Certificates {
  private static final byte[] ECDSA_WITH_SHA256 =
      sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final int DNS = 0x82;
  private static final int URI = 0x86;

  private final Path directory;
  private final KeyPair authorityKey = newKey();
  private final String name;
  private int serial = 1;

  /** An authority called {@code name}, whose files go to {@code directory}. */
  Certificates(Path directory, String name) throws IOException {
    this.directory = directory;
    this.name = name;
    byte[] extensions = extension(true, new int[] {0x55, 0x1d, 0x13}, sequence(bool(true)));
    writePem("ca", "CERTIFICATE", sign(name, authorityKey, extensions, false));
  }

  Path authorities() {
    return directory.resolve(name + "-ca.pem");
  }

  /** Options of a node whose certificate names {@code node} as a DNS name. */
  TlsOptions node(String node) throws IOException {
    return issue(node, DNS, node, false);
  }

  /** Options of a node whose certificate names it by URI. */
  TlsOptions nodeByUri(String file, String uri) throws IOException {
    return issue(file, URI, uri, false);
  }

  /** Options of a node whose certificate ended yesterday. */
  TlsOptions expired(String node) throws IOException {
    return issue(node, DNS, node, true);
  }

  /** Overwrites the files of {@code file} with a new key and a certificate for {@code san}. */
  TlsOptions issue(String file, int kind, String san, boolean expired) throws IOException {
    KeyPair key = newKey();
    byte[] names = sequence(der(kind, san.getBytes(StandardCharsets.US_ASCII)));
    byte[] extensions = extension(false, new int[] {0x55, 0x1d, 0x11}, names);
    writePem(file, "CERTIFICATE", sign("node", key, extensions, expired));
    Path keyFile = writePem(file + "-key", "PRIVATE KEY", key.getPrivate().getEncoded());
    Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-------"));
    return TlsOptions.of(directory.resolve(name + "-" + file + ".pem"), keyFile, authorities());
  }

  private byte[] sign(String subject, KeyPair key, byte[] extensions, boolean expired) {
    Instant now = Instant.now();
    Instant end = now.plusSeconds(expired ? -86_400 : 86_400);
    byte[] version = der(0xa0, integer(BigInteger.TWO));
    byte[] toBeSigned =
        sequence(
            version,
            integer(BigInteger.valueOf(serial++)),
            ECDSA_WITH_SHA256,
            commonName(name),
            sequence(time(now.minusSeconds(2 * 86_400)), time(end)),
            commonName(subject),
            key.getPublic().getEncoded(),
            der(0xa3, sequence(extensions)));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(authorityKey.getPrivate());
      signature.update(toBeSigned);
      byte[] bits = concat(new byte[] {0}, signature.sign());
      return sequence(toBeSigned, ECDSA_WITH_SHA256, der(0x03, bits));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private Path writePem(String file, String type, byte[] der) throws IOException {
    String pem =
        "-----BEGIN "
            + type
            + "-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END "
            + type
            + "-----\n";
    return Files.writeString(directory.resolve(name + "-" + file + ".pem"), pem);
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] commonName(String name) {
    byte[] value = der(0x0c, name.getBytes(StandardCharsets.UTF_8));
    return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), value)));
  }

  private static byte[] extension(boolean critical, int[] oid, byte[] value) {
    byte[] content = der(0x04, value);
    return critical ? sequence(oid(oid), bool(true), content) : sequence(oid(oid), content);
  }

  private static byte[] time(Instant instant) {
    return der(0x17, TIME.format(instant).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] bool(boolean value) {
    return der(0x01, new byte[] {(byte) (value ? 0xff : 0)});
  }

  private static byte[] integer(BigInteger value) {
    return der(0x02, value.toByteArray());
  }

  private static byte[] oid(int... encoded) {
    byte[] bytes = new byte[encoded.length];
    for (int i = 0; i < encoded.length; i++) {
      bytes[i] = (byte) encoded[i];
    }
    return der(0x06, bytes);
  }

  private static byte[] sequence(byte[]... parts) {
    return der(0x30, concat(parts));
  }

  private static byte[] der(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 0x80) {
      out.write(content.length);
    } else if (content.length < 0x100) {
      out.write(0x81);
      out.write(content.length);
    } else {
      out.write(0x82);
      out.write(content.length >> 8);
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}
