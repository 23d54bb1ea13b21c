// A head that is an adapter only: with it `embed` gives vectors that are alike where texts are, in the sense of the pairs it was tuned on.
import { regressionMetrics } from '../../metrics/correlation.js';
import { candidatesOf, retrievalMetrics } from '../../metrics/retrieval.js';
import { createPause } from '../../rpc/progress.js';
import { callOptions } from '../call-options.js';
import { checkPairExamples } from '../examples.js';
import { guard } from '../guard.js';
import { eachText } from '../parts.js';
import { cosineSimilarity } from '../similarity.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {{ text: string, textPair: string }} TextPair */

/**
 * A head whose adapter makes the vectors of texts alike that belong together.
 * @extends {Head<'sentence-similarity'>}
 */
export class SentenceSimilarity extends Head {
  /**
   * How alike the two texts of a pair are: the cosine of the vectors that `embed(texts, { head })` gives.
   * @example
   * await head.score({ text: 'a lovely film', textPair: 'what a beautiful movie' }); // 0.93
   * @template {TextPair | TextPair[]} T
   * @param {T} pairs
   * @param {TaskOptions} [options]
   * @returns {Promise<T extends any[] ? number[] : number>} -1 to 1. Rejects with BAD_INPUT, and as the methods of `Model`
   */
  async score(pairs, options = {}) {
    const list = /** @type {TextPair[]} */ (Array.isArray(pairs) ? pairs : [pairs]);
    if (list.length === 0) return /** @type {any} */ ([]);
    const { texts } = checkPairExamples(list);
    const scores = await this.#cosines(texts, options);
    return /** @type {any} */ (Array.isArray(pairs) ? scores : scores[0]);
  }

  /**
   * Compares the cosines of pairs with their scores; or, of pairs without scores, looks how well each text finds its pair among those of all.
   * @param {import('../../types.js').PairExample[]} examples scores may be of any scale; negatives are not read
   * @param {TaskOptions} [options]
   * @returns {Promise<import('../../types.js').SimilarityScores>} rejects with BAD_INPUT, NO_EXAMPLES, BAD_LABELS
   */
  async evaluate(examples, options = {}) {
    const { texts, scores } = checkPairExamples(examples, Infinity);
    if (scores) {
      const { pearson, spearman, n } = regressionMetrics(scores, await this.#cosines(texts, options));
      return { spearman, pearson, n };
    }
    const { signal = new AbortController().signal } = options;
    const { lefts, rights } = await this.#vectors(texts, options);
    const { candidates, own } = candidatesOf(texts.map(([, right]) => right));
    const vectorOf = new Map(texts.map(([, right], i) => [right, rights[i]]));
    const vectors = candidates.map((text) => /** @type {Float32Array} */ (vectorOf.get(text)));
    return retrievalMetrics(lefts, vectors, own, cosineSimilarity, createPause({ signal }));
  }

  /**
   * @param {string[][]} texts [pairs] of which the first two count
   * @param {TaskOptions} options
   */
  async #cosines(texts, options) {
    const { lefts, rights } = await this.#vectors(texts, options);
    return lefts.map((left, i) => cosineSimilarity(left, rights[i]));
  }

  /**
   * The vectors of the first texts, then of the second ones: so warnings name the pairs by their indices.
   * @param {string[][]} texts [pairs] of which the first two count
   * @param {TaskOptions} options
   */
  async #vectors(texts, options) {
    const embed = async (/** @type {string[]} */ list) => {
      /** @type {Float32Array[]} */
      const vectors = [];
      const onPart = (/** @type {any} */ part) => eachText(part, (index, vector) => (vectors[index] = vector.slice()));
      await this.remote.call('embed', { texts: list.map((text) => [text]) }, { ...callOptions(options), onPart });
      return vectors;
    };
    const lefts = await embed(texts.map(([left]) => left));
    return { lefts, rights: await embed(texts.map(([, right]) => right)) };
  }
}

guard(SentenceSimilarity);
