/** Runnable programs that compose the modules. */
module io.quorate.examples {
  requires com.google.gson;
  requires info.picocli;
  requires io.quorate.consensus;
  requires io.quorate.core;
  requires io.quorate.partitioning;
  requires io.quorate.replication;
  requires io.quorate.resilience;
  requires java.net.http;
  requires jdk.httpserver;
  requires org.slf4j;

  opens io.quorate.examples to
      info.picocli;
  opens io.quorate.examples.breaker to
      info.picocli;
  opens io.quorate.examples.node to
      info.picocli;
  opens io.quorate.examples.partition to
      info.picocli;
  opens io.quorate.examples.platform to
      com.google.gson,
      info.picocli;
  opens io.quorate.examples.recommender to
      info.picocli;
  opens io.quorate.examples.reload to
      info.picocli;
  opens io.quorate.examples.ring to
      info.picocli;
  opens io.quorate.examples.serving to
      info.picocli;
  opens io.quorate.examples.training to
      info.picocli;
}
