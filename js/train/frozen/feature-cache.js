// Features of texts, kept between fits: training again with relabelled or added examples computes only what is new.

/** Most bytes of features that are kept: some 40,000 texts of MiniLM. */
const CAPACITY = 64 * 2 ** 20;

/** @type {WeakMap<import('../../engine/engine.js').Engine, FeatureCache>} */
const caches = new WeakMap();

/** @param {import('../../engine/engine.js').Engine} engine */
export function featureCacheOf(engine) {
  const cache = caches.get(engine) ?? new FeatureCache();
  caches.set(engine, cache);
  return cache;
}

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
   * @param {string} key
   * @param {Float32Array} vector
   */
  set(key, vector) {
    this.#remove(key);
    this.#vectors.set(key, vector);
    this.#bytes += cost(key, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#bytes <= this.#capacity) break;
      this.#remove(oldest);
    }
  }

  /** @param {string} key */
  #remove(key) {
    const vector = this.#vectors.get(key);
    if (!vector) return;
    this.#vectors.delete(key);
    this.#bytes -= cost(key, vector);
  }
}

/**
 * @param {string} key
 * @param {Float32Array} vector
 */
const cost = (key, vector) => 2 * key.length + vector.byteLength;
