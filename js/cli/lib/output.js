// Writes results to standard output as JSON Lines, no faster than they are read.
import { once } from 'node:events';
import { BertletError } from '../../errors.js';

/** The program that reads the output has ended, as in `bertlet embed | head -1`. That is no failure. */
export class ReaderGone extends Error {}

/** A stream of JSON Lines. */
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
   * Writes each value as one line, and waits until the stream takes more. Throws FILE_ACCESS, ReaderGone, or the signal's reason.
   * @param {unknown[]} values
   */
  async write(values) {
    this.#check();
    const lines = values.map((value) => `${JSON.stringify(value)}\n`).join('');
    if (!this.#stream.write(lines)) {
      // If the stream failed, the listener above has the better error.
      await once(this.#stream, 'drain', { signal: this.#signal }).catch((error) => {
        this.#check();
        throw error;
      });
    }
  }

  /** Waits until everything is written. Throws as `write`. */
  async end() {
    await new Promise((resolve) => this.#stream.write('', resolve));
    this.#check();
  }

  #check() {
    if (this.#failure) throw this.#failure;
  }
}

/**
 * The shortest decimal number that reads back as the same 32-bit float. Any number of up to 6 digits survives the way into a 32-bit
 * float and back, so rounding to 6 digits finds shorter ones, too; only subnormal floats may keep digits that they don't need.
 * @param {number} x a 32-bit float
 */
export function shortest(x) {
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(x.toPrecision(digits));
    if (Math.fround(decimal) === x) return decimal;
  }
  return Number(x.toPrecision(9)); // 9 digits tell any two 32-bit floats apart
}

/**
 * A vector as an array for JSON.
 * @param {Float32Array} vector
 */
export const toNumbers = (vector) => Array.from(vector, shortest);
