// Pooled features of texts, from the cache or computed; several kinds of them (layers, poolings) in one pass of the encoder.
import { forEachBatch } from '../../engine/batches.js';
import { createPause, progressReporter } from '../../rpc/progress.js';
import { featureCacheOf } from '../dataset/feature-cache.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('../../core/dense.js').FeatureSpec & { pooling: 'mean' | 'cls' | 'max' }} PooledFeatureSpec */
/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */

/**
 * Maximum number of bytes of features that are kept at once while layers and poolings are compared. With 2000 texts, it holds all 18
 * combinations of a model with 6 layers of 384 units and 3 poolings (55 MB); the 36 of BERT-base (221 MB) take two passes of the encoder,
 * the 72 of BERT-large (590 MB) five.
 */
const CANDIDATE_BYTES = 128 * 2 ** 20;

/**
 * Splits layers into passes of the encoder, so that the features of the layers of one pass fit into CANDIDATE_BYTES.
 * @param {number[]} layers
 * @param {number} bytesOfLayer size of one layer's features
 * @returns {number[][]} [passes][layers], at least one layer in each pass, in the same order
 */
export function passes(layers, bytesOfLayer) {
  const perPass = Math.max(Math.floor(CANDIDATE_BYTES / Math.max(bytesOfLayer, 1)), 1);
  return Array.from({ length: Math.ceil(layers.length / perPass) }, (_, i) =>
    layers.slice(i * perPass, (i + 1) * perPass),
  );
}

/** Key of the cache. @param {PooledFeatureSpec} spec @param {Text} text */
const keyOf = ({ layer, pooling, normalize }, text) => JSON.stringify([layer, pooling, normalize, ...text]);

/**
 * Puts the vectors of texts into the cache, as those that were used last.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {PooledFeatureSpec} spec
 * @param {Float32Array[]} vectors [texts][hiddenSize], not copied
 */
export function keepFeatures(engine, texts, spec, vectors) {
  const cache = featureCacheOf(engine);
  texts.forEach((text, i) => cache.set(keyOf(spec, text), vectors[i]));
}

/**
 * Calls a function with the pooled vectors of each text, from the cache or computed in one pass of the encoder. Equal texts are computed
 * once.
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {PooledFeatureSpec[]} specs by layer, ascending
 * @param {(index: number, vector: Float32Array, spec: number) => void} use called for each text and spec, in any order, with their indices
 *   and the vector [hiddenSize], which the cache shares and must not be changed
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<void>} rejects as `forEachBatch`
 */
export async function pooledFeatures(engine, texts, specs, use, context) {
  const cache = featureCacheOf(engine);
  /** Indices of equal texts of which a vector is to be computed, by the text. @type {Map<string, number[]>} */
  const missing = new Map();
  const pause = createPause(context);
  for (const [index, text] of texts.entries()) {
    await pause();
    const known = specs.map((spec) => cache.get(keyOf(spec, text)));
    if (known.every((vector) => vector !== undefined)) {
      known.forEach((vector, i) => use(index, vector, i));
      continue;
    }
    const key = JSON.stringify(text);
    const equalTexts = missing.get(key);
    if (equalTexts) equalTexts.push(index);
    else missing.set(key, [index]);
  }

  const groups = [...missing.values()];
  if (groups.length === 0) return progressReporter(context, 'features')(texts.length, texts.length);
  const { hiddenSize } = engine.config;
  await forEachBatch(
    engine,
    groups.map(([index]) => texts[index]),
    {
      phase: 'features',
      layers: [...new Set(specs.map(({ layer }) => layer))],
      numbers: groups.map(([index]) => index),
    },
    (batch) =>
      specs.forEach((spec, specIndex) => {
        if (spec.layer !== batch.layer) return;
        const vectors = engine.pool(batch, spec.pooling, spec.normalize);
        batch.indices.forEach((group, i) => {
          const vector = vectors.slice(i * hiddenSize, (i + 1) * hiddenSize);
          cache.set(keyOf(spec, texts[groups[group][0]]), vector);
          for (const index of groups[group]) use(index, vector, specIndex);
        });
      }),
    context,
  );
}
