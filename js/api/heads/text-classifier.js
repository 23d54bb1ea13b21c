// The head for text classification, with one label or any number of labels for each text.
import { guard } from '../guard.js';
import { BertletError } from '../../errors.js';
import { sigmoid, softmax } from '../../base/probabilities.js';
import { checkInteger } from '../options.js';
import { toTexts } from '../texts.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').Prediction} Prediction */
/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../types.js').TextInput} TextInput */

/** Default threshold of multi-label evaluation: the probability from which on a text has a label. */
const LIKELY = 0.5;

/**
 * A head that finds the label of a text or, if its task is 'multi-label', all its labels.
 * @extends {Head<'text-classification' | 'multi-label'>}
 */
export class TextClassifier extends Head {
  get #multiLabel() {
    return this.task === 'multi-label';
  }

  /**
   * The labels of a text, or of each text of an array, with their probabilities. The probabilities of a text sum to 1; those of a
   * 'multi-label' head are independent of each other.
   * @example
   * const [{ label, score }] = await classifier.classify('what a lovely film');
   * @template {TextInput | TextInput[]} T
   * @param {T} texts a text, a pair `{ text, textPair }`, or an array of these
   * @param {import('../../types.js').ClassifyOptions & TaskOptions} [options]
   * @returns {Promise<T extends any[] ? Prediction[][] : Prediction[]>} as `texts`: [labels], or [texts][labels], the most likely first;
   *   with a `threshold` a text may have none. Rejects with BAD_INPUT, and as the methods of `Model`
   */
  async classify(texts, { topK = this.labels.length, threshold = 0, ...options } = {}) {
    checkInteger('topK', topK);
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
   * The probability of the label, for a head with one label, as the pipeline of `transformers` gives it.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {TaskOptions} [options]
   * @returns {Promise<T extends any[] ? number[] : number>} rejects with BAD_INPUT if it has several labels, and as `classify`
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
   * Classifies examples, and compares the results with their labels.
   * @template {import('../../types.js').Example[] | import('../../types.js').MultiLabelExample[]} T
   * @param {T} examples
   * @param {{ threshold?: number } & TaskOptions} [options] `threshold`, for a 'multi-label' head: a text has all labels of at least
   *   this probability; default 0.5
   * @returns {Promise<T extends import('../../types.js').Example[] ? import('../../types.js').Metrics : import('../../types.js').MultiLabelMetrics>}
   *   Rejects with NO_EXAMPLES, with BAD_LABELS if no example has a label that the head knows, and as `classify`
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
   * Computes the probabilities of the labels: by softmax, or for 'multi-label' by the sigmoid of each logit.
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {(index: number, scores: Float32Array | Float64Array) => void} use gets [labels] probabilities of each text
   */
  #score(texts, options, use) {
    return this.logits(texts, options, (index, logits) =>
      use(index, this.#multiLabel ? logits.map(sigmoid) : softmax(logits)),
    );
  }
}

guard(TextClassifier);

/** Throws BAD_INPUT. @param {number} threshold */
function checkThreshold(threshold) {
  if (!(threshold >= 0 && threshold <= 1))
    throw new BertletError('BAD_INPUT', `threshold is ${threshold}; it must be a probability, 0 to 1.`);
}
