/** The door to the world, the write-ahead log and the simulator. */
module io.quorate.core {
  requires org.slf4j;
  requires io.netty.common;
  requires io.netty.buffer;
  requires io.netty.transport;
  requires io.netty.codec;
  requires io.netty.handler;
  requires static io.netty.transport.classes.epoll;

  exports io.quorate.core;
  exports io.quorate.core.codec;
  exports io.quorate.core.sim;
  exports io.quorate.core.membership;
  exports io.quorate.core.pubsub;
  exports io.quorate.core.storage;
  exports io.quorate.core.transport;
  exports io.quorate.core.wal;
}
