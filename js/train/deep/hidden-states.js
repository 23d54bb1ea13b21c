// The hidden states below the layers that are trained. They never change, so each example's are computed once, as far as there is room; but
// embeddings, which take less time than memory, anew each time.
import { forEachEncoded } from '../../engine/batches.js';

/** @typedef {import('./task.js').TuningExample} TuningExample */

/** Bytes of hidden states that are kept, at most: of 15,000 sentences of 11 tokens with 384 units, say. */
const CAPACITY = 256 * 2 ** 20;

export class HiddenStates {
  #engine;
  #layer;
  #pause;
  /** @type {Map<TuningExample, Float32Array>} */
  #kept = new Map();
  #room;

  /**
   * @param {import('../../engine/engine.js').Engine} engine
   * @param {number} layer whose hidden states are wanted: 0 are the embeddings
   * @param {() => Promise<void>} pause
   * @param {number} [capacity] in bytes
   */
  constructor(engine, layer, pause, capacity = layer === 0 ? 0 : CAPACITY) {
    this.#engine = engine;
    this.#layer = layer;
    this.#pause = pause;
    this.#room = capacity;
  }

  /**
   * @param {TuningExample[]} examples of a batch
   * @returns {Promise<Float32Array>} [tokens][hiddenSize], example after example
   */
  async of(examples) {
    const { hiddenSize } = this.#engine.config;
    /** @type {Map<TuningExample, Float32Array>} those that there is no room to keep */
    const passing = new Map();
    const missing = examples.filter((example) => !this.#kept.has(example));
    await forEachEncoded(
      this.#engine,
      missing.map(({ encoded }, index) => ({ ...encoded, index })),
      [this.#layer],
      (batch) => {
        const hidden = this.#engine.hidden(batch, false);
        batch.indices.forEach((index, i) => {
          const states = hidden.slice(batch.starts[i] * hiddenSize, batch.starts[i + 1] * hiddenSize);
          const keeps = states.byteLength <= this.#room;
          if (keeps) this.#room -= states.byteLength;
          (keeps ? this.#kept : passing).set(missing[index], states);
        });
      },
      this.#pause,
    );
    const parts = examples.map(
      (example) => /** @type {Float32Array} */ (this.#kept.get(example) ?? passing.get(example)),
    );
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
