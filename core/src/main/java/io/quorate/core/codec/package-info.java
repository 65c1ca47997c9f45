/**
 * Values to bytes and back. A {@link io.quorate.core.codec.Codec} serves the network, the log and
 * the simulator alike; {@link io.quorate.core.codec.ByteReader} never trusts a length before it has
 * checked it.
 */
package io.quorate.core.codec;
