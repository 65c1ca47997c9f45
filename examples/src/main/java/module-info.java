/** Runnable programs that compose the modules. */
module io.quorate.examples {
  requires io.quorate.core;
  requires info.picocli;

  opens io.quorate.examples to
      info.picocli;
}
