package io.quorate.replication.training;

import io.quorate.core.codec.ByteWriter;
import io.quorate.core.transport.Endpoint;

/**
 * A result on its way to the master, cut into messages of a fixed length, the last one apart: so
 * that their arrays serve again and again. Belongs to the worker's event loop.
 */
final class ResultPieces {
  private static final int MESSAGE_BYTES = 512 << 10;
  /** The most that a message has besides its content. */
  private static final int MAX_HEAD_BYTES = 2 + 8 + 9 + 4 * 5 + 2 * 5 + 2 * 8 + 4 + 5;

  private final Endpoint endpoint;
  private final TrainingMessage.Work work;
  private final ShardComputer.Computed result;
  private final ByteWriter head = new ByteWriter(MAX_HEAD_BYTES);
  private int sent;

  ResultPieces(
      Endpoint endpoint, TrainingMessage.Work work, ShardComputer.Computed result) {
    this.endpoint = endpoint;
    this.work = work;
    this.result = result;
  }

  boolean isMoreThanOne() {
    return result.bytes().size() > MESSAGE_BYTES - MAX_HEAD_BYTES;
  }

  /** Whether there is nothing more to send. */
  boolean isAllSent() {
    return sent == result.bytes().size();
  }

  /** There is nothing more to send. */
  void stop() {
    sent = result.bytes().size();
  }

  /** The next message, in an array from the endpoint. */
  byte[] next() {
    int left = result.bytes().size() - sent;
    writeHead(left);
    if (head.size() + left > MESSAGE_BYTES) {
      // Its length takes as many bytes as the one that was tried: both are 16 KiB to 2 MiB or more.
      int headBytes = head.size();
      writeHead(MESSAGE_BYTES - headBytes);
      left = MESSAGE_BYTES - head.size();
      writeHead(left);
    }
    byte[] message = endpoint.array(head.size() + left);
    System.arraycopy(head.array(), 0, message, 0, head.size());
    System.arraycopy(result.bytes().array(), sent, message, head.size(), left);
    sent += left;
    return message;
  }

  private void writeHead(int count) {
    head.clear();
    Slice content = new Slice(result.bytes().array(), sent, count);
    new TrainingMessage.Part(
            work,
            sent,
            result.bytes().size(),
            result.loss().sum(),
            result.loss().weight(),
            result.crc(),
            content)
        .writeHead(head);
  }
}
