package io.quorate.replication.training;

/**
 * IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. Rounds to the nearest,
 * ties to even. What is too large becomes the largest finite half, not infinity: a clipped gradient
 * is still a gradient.
 */
final class Half {
  static final int MAX_BITS = 0x7bff;

  private Half() {}

  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 0x477fe000 + 0x1000) {
      return (short) (sign | MAX_BITS);
    }
    if (magnitude >= 0x38800000) {
      // Normal: rebias the exponent, round away the 13 low bits.
      int rounded = magnitude - 0x38000000 + 0xfff + (magnitude >>> 13 & 1);
      return (short) (sign | rounded >>> 13);
    }
    // Subnormal, or too small for even that.
    int shift = 126 - (magnitude >>> 23);
    if (shift > 24) {
      return (short) sign;
    }
    int fraction = magnitude & 0x7fffff | 0x800000;
    int half = fraction >>> shift;
    int rest = fraction & (1 << shift) - 1;
    int middle = 1 << shift - 1;
    if (rest > middle || rest == middle && (half & 1) == 1) {
      half++;
    }
    return (short) (sign | half);
  }

  static float toFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = half >>> 10 & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
    }
    return Float.intBitsToFloat(sign | exponent + 112 << 23 | fraction << 13);
  }
}
