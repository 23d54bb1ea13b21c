// The package's `createModel`.
import { fetchLazy } from './fetch-lazy.js';
import { guarded } from './guard.js';
import { load } from './load.js';

/**
 * A BERT with random weights, to be trained from nothing by `pretrain`. It is used as a loaded model is, but in f32, as training needs it.
 * @example
 * const bert = await createModel({ layers: 4, hiddenSize: 128, heads: 4, vocabulary });
 * await bert.pretrain(texts, { steps: 2000, learningRate: 1e-3 });
 * @param {import('../types.js').NewModelOptions & import('../types.js').LoadOptions & import('../types.js').TaskOptions} options
 * @returns {Promise<import('./model.js').Model>} Rejects with BAD_INPUT, BAD_VOCABULARY if the vocabulary lacks a special token, or has a
 *   piece twice, and as `load`
 */
export function createModel(options) {
  return create(options);
}

/** @type {typeof createModel} */
const create = guarded(async (options = /** @type {any} */ ({})) =>
  load(.../** @type {[any, any]} */ ((await fetchLazy()).newModel(options))),
);
