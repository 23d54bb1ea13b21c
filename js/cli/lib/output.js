// Results: JSON Lines on standard output, no faster than the reader takes them.
import { once } from 'node:events';
import { BertletError } from '../../errors.js';

/** The program that read our output has ended (`bertlet embed | head -1`): nothing is left to do, and nothing went wrong. */
export class ReaderGone extends Error {}

export class Output {
  #stream;
  #signal;
  /** @type {Error | undefined} */
  #failure;

  /**
   * @param {import('node:stream').Writable} stream
   * @param {AbortSignal} signal
   */
  constructor(stream, signal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      this.#failure =
        error.code === 'EPIPE'
          ? new ReaderGone()
          : new BertletError('FILE_ACCESS', `The output can't be written: ${error.message}.`, { cause: error });
    });
  }

  /**
   * Writes each value as one line.
   * @param {unknown[]} values
   */
  async write(values) {
    this.#check();
    const lines = values.map((value) => `${JSON.stringify(value)}\n`).join('');
    if (!this.#stream.write(lines)) {
      // The listener above knows better than once() why a stream failed.
      await once(this.#stream, 'drain', { signal: this.#signal }).catch((error) => {
        this.#check();
        throw error;
      });
    }
  }

  /** Resolves when everything has been written. */
  async end() {
    await new Promise((resolve) => this.#stream.write('', resolve));
    this.#check();
  }

  #check() {
    if (this.#failure) throw this.#failure;
  }
}

/**
 * A 32-bit float as the shortest decimal number that reads back as the same 32-bit float. Up to 6 digits survive the way into
 * such a float and back, so that a shorter number is found by rounding to 6; subnormal floats may keep digits they don't need.
 * @param {number} x
 */
export function shortest(x) {
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(x.toPrecision(digits));
    if (Math.fround(decimal) === x) return decimal;
  }
  return Number(x.toPrecision(9)); // 9 digits tell any two 32-bit floats apart
}

/**
 * A vector for JSON.
 * @param {Float32Array} vector
 */
export const numbers = (vector) => Array.from(vector, shortest);
