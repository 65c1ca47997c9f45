package io.quorate.examples.readme.settings;

import io.quorate.core.transport.Handler;
import io.quorate.examples.readme.Setting;
import java.nio.file.Path;

/** An endpoint with TLS. */
public abstract class Echo extends Setting {
  protected final Path certificates = Path.of("certificates.pem");
  protected final Path privateKey = Path.of("key.pem");
  protected final Path authorities = Path.of("authorities.pem");
  protected final Handler handler = Handler.NONE;
  protected final byte[] payload = {1};
}
