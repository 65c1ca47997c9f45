package io.quorate.core.transport;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The TLS of one node, or its absence. New connections take what was read last. Thread-safe. */
final class TlsContexts {
  private static final String PROTOCOL = "TLSv1.3";

  private final TlsOptions options;
  private final long handshakeMillis;
  private volatile Loaded loaded;
  private volatile boolean closed;

  private record Loaded(SslContext server, SslContext client, List<FileTime> changed) {}

  private TlsContexts(TlsOptions options, long handshakeMillis) {
    this.options = options;
    this.handshakeMillis = handshakeMillis;
    this.loaded = options == null ? null : load(options);
  }

  /**
   * Reads the files now and whenever they change; does nothing without TLS.
   *
   * @throws IllegalArgumentException if they cannot be used
   */
  static TlsContexts of(TransportOptions options, Background background) {
    long handshakeMillis = options.timeouts().handshake().toMillis();
    if (!(options.security() instanceof Security.Tls tls)) {
      return new TlsContexts(null, handshakeMillis);
    }
    TlsContexts contexts = new TlsContexts(tls.options(), handshakeMillis);
    background.repeat(tls.options().reloadPeriod(), contexts::reload);
    return contexts;
  }

  void addClient(ChannelPipeline pipeline) {
    if (loaded != null) {
      add(pipeline, loaded.client());
    }
  }

  void addServer(ChannelPipeline pipeline) {
    if (loaded != null) {
      add(pipeline, loaded.server());
    }
  }

  void close() {
    closed = true;
  }

  private void add(ChannelPipeline pipeline, SslContext context) {
    SslHandler handler = context.newHandler(pipeline.channel().alloc());
    handler.setHandshakeTimeoutMillis(handshakeMillis);
    handler.setCloseNotifyFlushTimeoutMillis(500);
    pipeline.addLast(handler);
  }

  private void reload() {
    try {
      if (!closed && !changed(options).equals(loaded.changed())) {
        loaded = load(options);
        NettyLoops.log.info("certificates reloaded file={}", options.certificates());
      }
    } catch (IOException | IllegalArgumentException e) {
      NettyLoops.log.warn(
          "certificates not reloaded file={} cause={}", options.certificates(), e.toString());
    }
  }

  private static Loaded load(TlsOptions options) {
    try {
      checkOwnerOnly(options.privateKey());
      List<FileTime> changed = changed(options);
      SslContext server =
          SslContextBuilder.forServer(
                  options.certificates().toFile(), options.privateKey().toFile())
              .sslProvider(SslProvider.JDK)
              .trustManager(options.authorities().toFile())
              .clientAuth(ClientAuth.REQUIRE)
              .protocols(PROTOCOL)
              .build();
      SslContext client =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              .keyManager(options.certificates().toFile(), options.privateKey().toFile())
              .trustManager(options.authorities().toFile())
              .protocols(PROTOCOL)
              // Who the peer is follows from its node id, wherever it is reached.
              .endpointIdentificationAlgorithm(null)
              .build();
      return new Loaded(server, client, changed);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "TLS files cannot be used: "
              + options.certificates()
              + ", "
              + options.privateKey()
              + ", "
              + options.authorities()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static List<FileTime> changed(TlsOptions options) throws IOException {
    return List.of(
        Files.getLastModifiedTime(options.certificates()),
        Files.getLastModifiedTime(options.privateKey()),
        Files.getLastModifiedTime(options.authorities()));
  }

  private static void checkOwnerOnly(Path privateKey) throws IOException {
    if (!privateKey.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    Set<PosixFilePermission> others =
        EnumSet.complementOf(
            EnumSet.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.OWNER_EXECUTE));
    others.retainAll(Files.getPosixFilePermissions(privateKey));
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(
          "private key " + privateKey + " must be readable by its owner alone, has " + others);
    }
  }
}
