// Packs matrices into few bits, row by row. js/checkpoint/packed.js says how they are stored, decision 16 why so.
import { partsOf } from './packed.js';

/** @typedef {import('./packed.js').Packing} Packing */

/** Steps between the smallest and the largest code of a block of 8 bits: as many as the core quantizes to (src/kernels/pack_i8.c). */
const STEPS = 254;

/** The smallest scale, whose reciprocal is finite. */
const LEAST_SCALE = 2 ** -126;

/** Which parts of a block's range its 4 bits are tried for: to clip its ends makes the steps smaller. */
const RANGES = [1, 0.96, 0.92, 0.88, 0.84];

/** A matrix that is packed while its rows arrive. */
export class Packer {
  #packing;
  #row = 0;
  #blocks;
  #scale;
  #factor;
  #offset;

  /**
   * @param {string} name
   * @param {Packing} packing
   */
  constructor(name, packing) {
    const [rows, columns] = packing.shape;
    this.#packing = packing;
    this.#blocks = Math.ceil(columns / packing.block);
    this.parts = partsOf(name, packing);
    this.#scale = new Float32Array(this.parts.scale.shape.reduce((product, size) => product * size));
    this.#factor = new Uint8Array(rows * this.#blocks);
    this.#offset = new Uint8Array(rows * this.parts.offset.shape[1]);
  }

  /**
   * Packs the next rows.
   * @param {Float32Array} values whole rows
   * @returns {Uint8Array<ArrayBuffer>} their codes
   */
  add(values) {
    const { bits, shape } = this.#packing;
    const columns = shape[1];
    const rowBytes = this.parts.values.shape[1];
    const codes = new Uint8Array((values.length / columns) * rowBytes);
    for (let at = 0, to = 0; at < values.length; at += columns, to += rowBytes, this.#row++) {
      const row = values.subarray(at, at + columns);
      const into = codes.subarray(to, to + rowBytes);
      if (bits === 8) this.#packBytes(row, into);
      else this.#packHalves(row, into);
    }
    return codes;
  }

  /** What else the rows are stored as, when all are packed. @returns {[import('./packed.js').PartTensor, Float32Array | Uint8Array][]} */
  get others() {
    const { scale, factor, offset } = this.parts;
    return [[scale, this.#scale], ...(factor ? [/** @type {any} */ ([factor, this.#factor])] : []), [offset, this.#offset]];
  }

  /**
   * In the very steps that the core takes, so that its own quantizing of what is read finds the same codes.
   * @param {Float32Array} row
   * @param {Uint8Array} codes out
   */
  #packBytes(row, codes) {
    const { block } = this.#packing;
    for (let b = 0; b < this.#blocks; b++) {
      const numbers = row.subarray(b * block, (b + 1) * block);
      const [least, most] = rangeOf(numbers);
      const scale = Math.max(Math.fround((most - least) / STEPS), LEAST_SCALE);
      const zero = -Math.round(least / scale);
      numbers.forEach((value, i) => (codes[b * block + i] = clamp(Math.round(value / scale) + zero, 255)));
      this.#scale[this.#row * this.#blocks + b] = scale;
      this.#offset[this.#row * this.#blocks + b] = zero;
    }
  }

  /**
   * A block's factor and offset are those of some that leave the smallest squared error.
   * @param {Float32Array} row
   * @param {Uint8Array} codes out
   */
  #packHalves(row, codes) {
    const { block } = this.#packing;
    const blocks = Array.from({ length: this.#blocks }, (_, b) => row.subarray(b * block, (b + 1) * block));
    const ranges = blocks.map(rangeOf);
    const widest = Math.max(...ranges.map(([least, most]) => most - least));
    const scale = Math.max(Math.fround(widest / 15 / 255), LEAST_SCALE);
    this.#scale[this.#row] = scale;
    const offsets = this.#offset.subarray(this.#row * this.parts.offset.shape[1]);
    for (const [b, numbers] of blocks.entries()) {
      const { factor, offset } = bestHalves(numbers, ranges[b], scale);
      this.#factor[this.#row * this.#blocks + b] = factor;
      offsets[b >> 1] |= offset << (4 * (b & 1));
      const inverse = 1 / (scale * factor);
      for (let i = 0; i < numbers.length; i++) {
        const code = clamp(Math.round(numbers[i] * inverse) + offset, 15);
        codes[(b * block + i) >> 1] |= code << (4 * (i & 1));
      }
    }
  }
}

/**
 * The factor and the offset for a block.
 * @param {Float32Array} numbers
 * @param {[least: number, most: number]} range of the numbers
 * @param {number} scale of the row
 */
function bestHalves(numbers, [least, most], scale) {
  let best = { factor: 1, offset: 0, error: Infinity };
  for (const part of RANGES) {
    const extent = (most - least) * part;
    const factor = Math.min(Math.max(Math.round(extent / 15 / scale), 1), 255);
    const step = scale * factor;
    const zero = -((most + least) / 2 - extent / 2) / step;
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
