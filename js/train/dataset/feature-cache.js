// Keeps features of texts between fits, so that training again, with changed labels or more examples, computes only what is new.

/** Maximum size in bytes: about 40,000 texts with MiniLM. */
const CAPACITY = 64 * 2 ** 20;

/** @type {WeakMap<import('../../engine/engine.js').Engine, FeatureCache>} */
const caches = new WeakMap();

/** The cache of a model, which lives as long as its engine. @param {import('../../engine/engine.js').Engine} engine */
export function featureCacheOf(engine) {
  const cache = caches.get(engine) ?? new FeatureCache();
  caches.set(engine, cache);
  return cache;
}

/** For when the model has other weights than before. @param {import('../../engine/engine.js').Engine} engine */
export const forgetFeatures = (engine) => caches.delete(engine);

/** A cache of vectors that drops those that were not used for the longest time. */
export class FeatureCache {
  /** The longest unused first. @type {Map<string, Float32Array>} */
  #vectors = new Map();
  #bytes = 0;
  #capacity;

  /** @param {number} [capacity] maximum size in bytes of vectors and keys together */
  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** A vector that was set, not a copy; undefined if there is none. @param {string} key */
  get(key) {
    const vector = this.#vectors.get(key);
    if (vector) {
      this.#vectors.delete(key);
      this.#vectors.set(key, vector);
    }
    return vector;
  }

  /**
   * Adds or replaces a vector, and drops others if the cache gets too large.
   * @param {string} key
   * @param {Float32Array} vector not copied
   */
  set(key, vector) {
    this.#remove(key);
    this.#vectors.set(key, vector);
    this.#bytes += sizeOf(key, vector);
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
    this.#bytes -= sizeOf(key, vector);
  }
}

/**
 * Bytes that an entry takes.
 * @param {string} key
 * @param {Float32Array} vector
 */
const sizeOf = (key, vector) => 2 * key.length + vector.byteLength;
