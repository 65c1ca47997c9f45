/** Circuit breakers, retries, limits, health checks and load balancers. */
module io.quorate.resilience {
  requires org.slf4j;
}
