package io.quorate.consensus.store;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/**
 * What became of a command.
 *
 * @param held whether all conditions held
 * @param version the index it was applied at: the version of what it wrote or deleted
 * @param effective how many changes changed anything; deleting what is absent does not
 */
record StoreResult(boolean held, long version, int effective) {
  static final Codec<StoreResult> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, StoreResult result) {
          out.bool(result.held).varint(result.version).varint(result.effective);
        }

        @Override
        public StoreResult read(ByteReader in) {
          return new StoreResult(
              in.bool(), in.varint(), in.varint(Integer.MAX_VALUE, "effective changes"));
        }
      };
}
