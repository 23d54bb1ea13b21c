// A head that says which label a text has, or which of several.
import { BertletError } from '../../errors.js';
import { sigmoid, softmax } from '../../base/numbers.js';
import { toTexts } from '../texts.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').Prediction} Prediction */
/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../types.js').TextInput} TextInput */

/** From this probability on a text has a label, where it may have any of them. */
const LIKELY = 0.5;

export class TextClassifier extends Head {
  get #multiLabel() {
    return this.task === 'multi-label';
  }

  /**
   * Labels with their probabilities, the most likely first. Those of 'multi-label' are independent of each other.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {import('../../types.js').ClassifyOptions & TaskOptions} [options] with a `threshold`, an empty list means "none of these"
   * @returns {Promise<T extends any[] ? Prediction[][] : Prediction[]>}
   */
  async classify(texts, { topK = this.labels.length, threshold = 0, ...options } = {}) {
    if (!Number.isInteger(topK) || topK < 1)
      throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
    checkThreshold(threshold);
    /** @type {Prediction[][]} */
    const results = [];
    await this.#score(toTexts(texts), options, (index, scores) => {
      const ranking = this.labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
      results[index] = ranking.filter(({ score }) => score >= threshold).slice(0, topK);
    });
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * The probability of the label, where there is only one, as the pipeline of `transformers` gives it.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {TaskOptions} [options]
   * @returns {Promise<T extends any[] ? number[] : number>} rejects with BAD_INPUT where there are several labels
   */
  async score(texts, options = {}) {
    if (this.labels.length !== 1)
      throw new BertletError(
        'BAD_INPUT',
        `This head has ${this.labels.length} labels: classify() gives a score for each.`,
      );
    /** @type {number[]} */
    const results = [];
    await this.#score(toTexts(texts), options, (index, [score]) => (results[index] = score));
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * Classifies examples and compares with their labels.
   * @template {import('../../types.js').Example[] | import('../../types.js').MultiLabelExample[]} T
   * @param {T} examples
   * @param {{ threshold?: number } & TaskOptions} [options] `threshold`: of the probability of a label where there may be several;
   *   default 0.5
   * @returns {Promise<T extends import('../../types.js').Example[] ? import('../../metrics/classification.js').Metrics : import('../../metrics/classification.js').MultiLabelMetrics>}
   */
  async evaluate(examples, { threshold = LIKELY, ...options } = {}) {
    checkThreshold(threshold);
    const { evaluateClassifier } = await this.fetchLazy();
    return /** @type {any} */ (
      evaluateClassifier(examples, this.labels, this.#multiLabel ? threshold : undefined, (texts, use) =>
        this.#score(texts, options, use),
      )
    );
  }

  /**
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {(index: number, scores: Float32Array | Float64Array) => void} use `scores`: [labels] probabilities
   */
  #score(texts, options, use) {
    return this.logits(texts, options, (index, logits) =>
      use(index, this.#multiLabel ? logits.map(sigmoid) : softmax(logits)),
    );
  }
}

/** @param {number} threshold */
function checkThreshold(threshold) {
  if (!(threshold >= 0 && threshold <= 1))
    throw new BertletError('BAD_INPUT', `threshold is ${threshold}; it must be a probability, 0 to 1.`);
}
