// Vectors of texts, as heads read them.
import { forEachBatch } from '../../engine/batches.js';
import { adaptersOf } from '../../engine/adapters.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */

/**
 * The pooled vectors of texts, with an adapter beside the model, if there is one. Nobody hears of progress, or of texts that are cut.
 * @param {Engine} engine
 * @param {import('../../tokenize/tokenizer.js').Text[]} texts
 * @param {{ pooling: 'mean' | 'cls' | 'max', lora?: import('../../core/dense.js').Lora }} spec
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<Float32Array[]>} [texts][hiddenSize], each of length 1. Rejects as `forEachBatch`
 */
export async function adaptedVectors(engine, texts, { pooling, lora }, context) {
  const { hiddenSize } = engine.config;
  /** @type {Float32Array[]} */
  const vectors = [];
  const adapters = adaptersOf(engine);
  try {
    await forEachBatch(
      engine,
      texts,
      { phase: 'features', spec: { lora } },
      (batch) => {
        const rows = engine.pool(batch, pooling, true);
        batch.indices.forEach((index, i) => (vectors[index] = rows.slice(i * hiddenSize, (i + 1) * hiddenSize)));
      },
      { ...context, emit() {} },
    );
  } finally {
    adapters.free(lora);
  }
  return vectors;
}
