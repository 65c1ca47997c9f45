package io.quorate.core.transport;

import io.quorate.core.NodeId;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Which node a certificate speaks for. */
final class CertificateIdentity {
  private static final int DNS = 2;
  private static final int URI = 6;

  private CertificateIdentity() {}

  /** What speaks against the other side of {@code session} being {@code node}; empty if nothing. */
  static String problem(SSLSession session, String cluster, NodeId node) {
    try {
      X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
      return names(certificate, cluster, node) ? "" : "certificate does not name node " + node;
    } catch (SSLPeerUnverifiedException e) {
      return "no certificate";
    } catch (CertificateParsingException e) {
      return "certificate with malformed names";
    }
  }

  private static boolean names(X509Certificate certificate, String cluster, NodeId node)
      throws CertificateParsingException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    if (names == null) {
      return false;
    }
    String uri = "quorate://" + cluster + "/" + node;
    return names.stream()
        .anyMatch(
            name ->
                name.get(0).equals(DNS) && name.get(1).equals(node.value())
                    || name.get(0).equals(URI) && name.get(1).equals(uri));
  }
}
