/** Runnable programs that compose the modules. */
module io.quorate.examples {
  requires io.quorate.core;
  requires info.picocli;
  requires jdk.httpserver;
  requires org.slf4j;

  opens io.quorate.examples to
      info.picocli;
}
