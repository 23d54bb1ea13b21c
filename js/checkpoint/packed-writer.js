// Packs matrices into few bits, row by row. js/checkpoint/packed.js says how they are stored, decision 16 why so.
import { partsOf } from './packed.js';

/** @typedef {import('./packed.js').Packing} Packing */
/** @typedef {import('./packed.js').PartTensor} PartTensor */

/** The smallest scale, whose reciprocal is finite. */
const LEAST_SCALE = 2 ** -126;

/** Which parts of a block's range its 4 bits are tried for: to clip its ends makes the steps smaller. */
const PARTS = [1, 0.96, 0.92, 0.88, 0.84];

/**
 * Packs a matrix.
 * @param {string} name
 * @param {Packing} packing
 * @param {Iterable<Float32Array>} pieces of whole rows
 * @param {() => Promise<void>} pause called between pieces
 * @returns {Promise<(PartTensor & { parts: BlobPart[] })[]>} what it is stored as
 */
export async function packMatrix(name, { shape: [, columns], ranges }, pieces, pause) {
  const packers = ranges.map((range, i) => new Packer(name, i, range, columns));
  let current = 0;
  for (const piece of pieces) {
    for (let values = piece; values.length > 0;) {
      const packer = packers[current];
      const rows = values.subarray(0, packer.left * columns);
      packer.add(rows);
      if (packer.left === 0) current += 1;
      values = values.subarray(rows.length);
    }
    await pause();
  }
  return packers.flatMap(({ stored }) => stored);
}

/** Packs rows while they arrive. */
class Packer {
  #range;
  #columns;
  #blocks;
  #parts;
  #row = 0;
  #scale;
  #factor;
  #offset;
  /** @type {Blob[]} */
  #values = [];

  /**
   * @param {string} name of the matrix
   * @param {number} index
   * @param {import('./packed.js').Range} range
   * @param {number} columns
   */
  constructor(name, index, range, columns) {
    this.#range = range;
    this.#columns = columns;
    this.#blocks = Math.ceil(columns / range.block);
    this.#parts = partsOf(name, index, range, columns);
    const { scale, factor, offset } = this.#parts;
    const size = (/** @type {PartTensor | undefined} */ part) => range.rows * (part?.shape[1] ?? 0);
    this.#scale = new Float32Array(size(scale));
    this.#factor = new Uint8Array(size(factor));
    this.#offset = new Uint8Array(size(offset));
  }

  /** How many rows are still to come. */
  get left() {
    return this.#range.rows - this.#row;
  }

  /** What the rows are stored as, when all are there. */
  get stored() {
    const { scale, factor, offset, values } = this.#parts;
    return [
      { ...scale, parts: [new Uint8Array(this.#scale.buffer)] },
      ...(factor ? [{ ...factor, parts: [this.#factor] }] : []),
      { ...offset, parts: [this.#offset] },
      { ...values, parts: this.#values },
    ];
  }

  /** @param {Float32Array} values whole rows, `left` at most */
  add(values) {
    const { bits } = this.#range;
    const { values: ofValues, offset } = this.#parts;
    const width = ofValues.shape[1];
    const packed = new Uint8Array((values.length / this.#columns) * width);
    const codes = new Uint8Array(this.#columns);
    const offsets = new Uint8Array(this.#blocks);
    for (let at = 0, to = 0; at < values.length; at += this.#columns, to += width, this.#row++) {
      const row = values.subarray(at, at + this.#columns);
      if (bits === 4) this.#quantizeFinely(row, codes, offsets);
      else this.#quantize(row, codes, offsets);
      packBits(codes, bits, packed, to);
      packBits(offsets, bits, this.#offset, this.#row * offset.shape[1]);
    }
    this.#values.push(new Blob([packed]));
  }

  /**
   * In the very steps that the core takes with 8 bits (src/kernels/pack_i8.c), so that what it makes of the numbers that are read are these codes.
   * @param {Float32Array} row
   * @param {Uint8Array} codes out
   * @param {Uint8Array} offsets out
   */
  #quantize(row, codes, offsets) {
    const { bits, block } = this.#range;
    const most = 2 ** bits - 1;
    for (let b = 0; b < this.#blocks; b++) {
      const numbers = row.subarray(b * block, (b + 1) * block);
      const [least, largest] = rangeOf(numbers);
      // One step fewer than there are codes: a number and the offset are rounded separately, which may move a code by one.
      const scale = Math.max(Math.fround((largest - least) / (most - 1)), LEAST_SCALE);
      const offset = -Math.round(least / scale);
      for (let i = 0; i < numbers.length; i++)
        codes[b * block + i] = clamp(Math.round(numbers[i] / scale) + offset, most);
      this.#scale[this.#row * this.#blocks + b] = scale;
      offsets[b] = offset;
    }
  }

  /**
   * A block's factor and offset are those of some that leave the smallest squared error.
   * @param {Float32Array} row
   * @param {Uint8Array} codes out
   * @param {Uint8Array} offsets out
   */
  #quantizeFinely(row, codes, offsets) {
    const { block } = this.#range;
    const blocks = Array.from({ length: this.#blocks }, (_, b) => row.subarray(b * block, (b + 1) * block));
    const ranges = blocks.map(rangeOf);
    const widest = Math.max(...ranges.map(([least, most]) => most - least));
    const scale = Math.max(Math.fround(widest / 15 / 255), LEAST_SCALE);
    this.#scale[this.#row] = scale;
    for (const [b, numbers] of blocks.entries()) {
      const { factor, offset } = bestSteps(numbers, ranges[b], scale);
      this.#factor[this.#row * this.#blocks + b] = factor;
      offsets[b] = offset;
      const inverse = 1 / (scale * factor);
      for (let i = 0; i < numbers.length; i++)
        codes[b * block + i] = clamp(Math.round(numbers[i] * inverse) + offset, 15);
    }
  }
}

/**
 * The factor and the offset for the 4 bits of a block.
 * @param {Float32Array} numbers
 * @param {[least: number, most: number]} range of the numbers
 * @param {number} scale of the row
 */
function bestSteps(numbers, [least, most], scale) {
  let best = { factor: 1, offset: 0, error: Infinity };
  for (const part of PARTS) {
    const extent = (most - least) * part;
    const factor = Math.min(Math.max(Math.round(extent / 15 / scale), 1), 255);
    const step = scale * factor;
    const zero = (extent - most - least) / 2 / step;
    for (const offset of [clamp(Math.floor(zero), 15), clamp(Math.ceil(zero), 15)]) {
      const error = squaredError(numbers, step, offset);
      if (error < best.error) best = { factor, offset, error };
    }
  }
  return best;
}

/**
 * What rounding to 4 bits takes of numbers.
 * @param {Float32Array} numbers
 * @param {number} step
 * @param {number} offset
 */
function squaredError(numbers, step, offset) {
  const inverse = 1 / step;
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) {
    const code = clamp(Math.round(numbers[i] * inverse) + offset, 15);
    const error = numbers[i] - step * (code - offset);
    sum += error * error;
  }
  return sum;
}

/** The smallest and the largest number; 0 is between them. @param {Float32Array} numbers @returns {[least: number, most: number]} */
function rangeOf(numbers) {
  let least = 0;
  let most = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] < least) least = numbers[i];
    if (numbers[i] > most) most = numbers[i];
  }
  return [least, most];
}

/** @param {number} value @param {number} most */
const clamp = (value, most) => Math.min(Math.max(value, 0), most);

/**
 * @param {Uint8Array} codes
 * @param {number} bits of each
 * @param {Uint8Array} into
 * @param {number} at where they begin
 */
function packBits(codes, bits, into, at) {
  let waiting = 0;
  let bit = 0; // bits in `waiting`
  for (let i = 0; i < codes.length; i++) {
    waiting |= codes[i] << bit;
    bit += bits;
    if (bit < 8 && i < codes.length - 1) continue;
    into[at++] = waiting;
    waiting >>= 8;
    bit -= 8;
  }
  if (bit > 0) into[at] = waiting;
}
