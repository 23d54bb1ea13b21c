// Numbers in half precision, as files of F16 hold them.

/**
 * Rounds to IEEE 754 binary16, to the nearest, ties to even.
 * @param {Float32Array} values
 * @returns {Uint16Array<ArrayBuffer> | undefined} the bits; undefined if a number is too large: beyond 65504 when rounded
 */
export function toHalves(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const magnitude = bits[i] & 0x7fffffff;
    if (magnitude >= 0x477ff000) return undefined; // 65520, which rounds to infinity
    // Below 2^-14 the steps are 2^-24 wide; above, 13 bits of the fraction go, and the exponent's bias changes from 127 to 15.
    const half =
      magnitude < 0x38800000
        ? roundEven(Math.abs(values[i]) * 2 ** 24)
        : (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    halves[i] = ((bits[i] >>> 16) & 0x8000) | half;
  }
  return halves;
}

/** @param {number} value not negative, at most 2^52 */
const roundEven = (value) => value + 2 ** 52 - 2 ** 52;
