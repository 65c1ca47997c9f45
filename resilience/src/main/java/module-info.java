/** Circuit breakers, retries, limits, health checks and load balancers. */
module io.quorate.resilience {
  requires org.slf4j;
  // Only who asks for flight recorder events needs the recorder.
  requires static jdk.jfr;

  exports io.quorate.resilience;
  exports io.quorate.resilience.balance;
}
