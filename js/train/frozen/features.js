// The pooled vectors of texts, from the engine's cache or computed.
import { forEachBatch } from '../../engine/batches.js';
import { progressReporter } from '../../rpc/progress.js';

/** @typedef {import('../../core/dense.js').FeatureSpec & { pooling: 'mean' | 'cls' | 'max' }} PooledFeatureSpec */

/**
 * Hands on the pooled vector of each text, from the cache or computed.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {import('../../tokenize/tokenizer.js').Text[]} texts
 * @param {PooledFeatureSpec} reading
 * @param {(index: number, vector: Float32Array) => void} use
 * @param {import('../../rpc/serve.js').Context} context
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
  if (groups.length === 0) return progressReporter(context, 'features')(texts.length, texts.length);
  const size = engine.config.hiddenSize;
  await forEachBatch(
    engine,
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
