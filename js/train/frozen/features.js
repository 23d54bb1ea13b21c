// Features of texts, kept between fits: training again with relabelled or added examples computes only what is new.
import { reporter } from '../../rpc/progress.js';

/** @typedef {import('../../core/dense.js').Reading & { pooling: 'mean' | 'cls' | 'max' }} PooledReading */

/** Most bytes of features that are kept: some 40,000 texts of MiniLM. */
const CAPACITY = 64 * 2 ** 20;

export class FeatureCache {
  /** By use, the longest unused first. @type {Map<string, Float32Array>} */
  #vectors = new Map();
  #bytes = 0;
  #capacity;

  /** @param {number} [capacity] in bytes, of vectors and texts */
  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** @param {string} key */
  get(key) {
    const vector = this.#vectors.get(key);
    if (vector) {
      this.#vectors.delete(key);
      this.#vectors.set(key, vector);
    }
    return vector;
  }

  /**
   * @param {string} key that is not there yet
   * @param {Float32Array} vector
   */
  set(key, vector) {
    this.#vectors.set(key, vector);
    this.#bytes += cost(key, vector);
    for (const [oldest, old] of this.#vectors) {
      if (this.#bytes <= this.#capacity) break;
      this.#vectors.delete(oldest);
      this.#bytes -= cost(oldest, old);
    }
  }
}

/**
 * @param {string} key
 * @param {Float32Array} vector
 */
const cost = (key, vector) => 2 * key.length + vector.byteLength;

/**
 * Hands on the pooled vector of each text, from the cache or computed.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('../../api/texts.js').Text[]} texts
 * @param {PooledReading} reading
 * @param {(index: number, vector: Float32Array) => void} use
 * @param {import('../../rpc/connection.js').Context} context
 */
export async function pooledFeatures(engine, texts, reading, use, context) {
  const { layer, pooling, normalize } = reading;
  const keys = texts.map((text) => JSON.stringify([layer, pooling, normalize, ...text]));
  /** @type {Map<string, number[]>} texts that are to be computed, each once */
  const missing = new Map();
  keys.forEach((key, index) => {
    const known = engine.features.get(key);
    if (known) return use(index, known);
    const same = missing.get(key);
    if (same) same.push(index);
    else missing.set(key, [index]);
  });

  const groups = [...missing.values()];
  if (groups.length === 0) return reporter(context, 'features')(texts.length, texts.length);
  const size = engine.config.hiddenSize;
  await engine.forEachBatch(
    groups.map(([index]) => texts[index]),
    { phase: 'features', layer, numbers: groups.map(([index]) => index) },
    (batch) => {
      const vectors = engine.pool(batch, pooling, normalize);
      batch.indices.forEach((group, i) => {
        const vector = vectors.slice(i * size, (i + 1) * size);
        engine.features.set(keys[groups[group][0]], vector);
        for (const index of groups[group]) use(index, vector);
      });
    },
    context,
  );
}
