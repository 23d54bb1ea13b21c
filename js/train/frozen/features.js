// The pooled vectors of texts, from the cache or computed, for one head or for all candidates in one pass of the encoder.
import { forEachBatch } from '../../engine/batches.js';
import { progressReporter } from '../../rpc/progress.js';
import { featureCacheOf } from './feature-cache.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../core/dense.js').FeatureSpec & { pooling: 'mean' | 'cls' | 'max' }} PooledFeatureSpec */
/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */

/**
 * Most bytes of features that candidates have together while they are compared. For 2000 texts that holds all 18 of a model of 6
 * layers of 384 units (6 layers, 3 poolings: 55 MB); the 36 of BERT-base (221 MB) take two passes, the 72 of BERT-large (590 MB) five.
 */
const CANDIDATE_BYTES = 128 * 2 ** 20;

/**
 * Which layers are read in one pass of the encoder, so that what is kept of all of them stays within bounds.
 * @param {number[]} layers
 * @param {number} bytes of the features of one layer
 * @returns {number[][]} at least one layer each, in the same order
 */
export function passes(layers, bytes) {
  const together = Math.max(Math.floor(CANDIDATE_BYTES / Math.max(bytes, 1)), 1);
  return Array.from({ length: Math.ceil(layers.length / together) }, (_, i) =>
    layers.slice(i * together, (i + 1) * together),
  );
}

/** @param {PooledFeatureSpec} spec @param {Text} text */
const keyOf = ({ layer, pooling, normalize }, text) => JSON.stringify([layer, pooling, normalize, ...text]);

/**
 * Keeps the vectors of texts, as those that were used last.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {PooledFeatureSpec} spec
 * @param {Float32Array[]} vectors of each
 */
export function keepFeatures(engine, texts, spec, vectors) {
  const cache = featureCacheOf(engine);
  texts.forEach((text, i) => cache.set(keyOf(spec, text), vectors[i]));
}

/**
 * Hands on the pooled vectors of each text, from the cache or computed in one pass.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {PooledFeatureSpec[]} specs by layer, ascending
 * @param {(index: number, vector: Float32Array, which: number) => void} use of which text, by which of the specs
 * @param {import('../../rpc/serve.js').Context} context
 */
export async function pooledFeatures(engine, texts, specs, use, context) {
  const cache = featureCacheOf(engine);
  /** @type {Map<string, number[]>} texts of which something is to be computed, each once */
  const missing = new Map();
  texts.forEach((text, index) => {
    const known = specs.map((spec) => cache.get(keyOf(spec, text)));
    if (known.every((vector) => vector !== undefined))
      return known.forEach((vector, which) => use(index, vector, which));
    const key = JSON.stringify(text);
    const same = missing.get(key);
    if (same) same.push(index);
    else missing.set(key, [index]);
  });

  const groups = [...missing.values()];
  if (groups.length === 0) return progressReporter(context, 'features')(texts.length, texts.length);
  const size = engine.config.hiddenSize;
  await forEachBatch(
    engine,
    groups.map(([index]) => texts[index]),
    {
      phase: 'features',
      layers: [...new Set(specs.map(({ layer }) => layer))],
      numbers: groups.map(([index]) => index),
    },
    (batch) =>
      specs.forEach((spec, which) => {
        if (spec.layer !== batch.layer) return;
        const vectors = engine.pool(batch, spec.pooling, spec.normalize);
        batch.indices.forEach((group, i) => {
          const vector = vectors.slice(i * size, (i + 1) * size);
          cache.set(keyOf(spec, texts[groups[group][0]]), vector);
          for (const index of groups[group]) use(index, vector, which);
        });
      }),
    context,
  );
}
