// Ranks documents by a cross-encoder. Only who does so fetches this file.
import { sigmoid } from '../base/probabilities.js';
import { BertletError } from '../errors.js';

/**
 * See `Model.rerank`.
 * @param {import('./heads/any-head.js').AnyHead | undefined} head of the model
 * @param {string} query
 * @param {string[]} documents
 * @param {{ topK?: number } & import('../types.js').TaskOptions} options
 * @returns {Promise<import('../types.js').Ranked[]>}
 */
export async function rerank(head, query, documents, { topK = documents?.length, ...options }) {
  if (typeof query !== 'string' || !Array.isArray(documents) || documents.some((one) => typeof one !== 'string'))
    throw new BertletError('BAD_INPUT', 'rerank() takes a query and an array of documents, which are strings.');
  if (!Number.isInteger(topK) || topK < Math.min(1, documents.length))
    throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
  if (!head?.ranking) {
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      'This model has no head that ranks: one with a single logit, and none or a sigmoid after it. Load a cross-encoder.',
    );
  }
  const { ranking } = head;
  /** @type {import('../types.js').Ranked[]} */
  const ranked = [];
  /** @type {import('../tokenize/tokenizer.js').Text[]} */
  const pairs = documents.map((document) => [query, document]);
  const score = (/** @type {number} */ index, /** @type {Float32Array} */ [logit]) => {
    ranked[index] = { index, score: ranking === 'sigmoid' ? sigmoid(logit) : logit };
  };
  await /** @type {any} */ (head).logits(pairs, options, score); // protected, since it is not for users
  return ranked.sort((a, b) => b.score - a.score).slice(0, topK);
}
