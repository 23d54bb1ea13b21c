// A head that gives a number for a text, or a pair: how similar two sentences are, say.
import { BertletError } from '../../errors.js';
import { regressionMetrics } from '../../metrics/correlation.js';
import { checkScoredExamples } from '../examples.js';
import { guard } from '../guard.js';
import { toTexts } from '../texts.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TextInput} TextInput */

/**
 * A head that gives each text a number, or several.
 * @extends {Head<'regression'>}
 */
export class TextRegressor extends Head {
  /**
   * The number that the model gives, on the scale that it was trained on.
   * @template {TextInput | TextInput[]} T
   * @param {T} texts
   * @param {import('../../types.js').TaskOptions} [options]
   * @returns {Promise<T extends any[] ? (number | number[])[] : number | number[]>} an array of numbers for each text where the head has
   *   several outputs
   */
  async score(texts, options = {}) {
    /** @type {(number | number[])[]} */
    const results = [];
    await this.logits(toTexts(texts), options, (index, logits) => {
      results[index] = logits.length === 1 ? logits[0] : [...logits];
    });
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * Scores examples and compares the results with their scores; of a head with a single output.
   * @param {import('../../types.js').ScoredExample[]} examples
   * @param {import('../../types.js').TaskOptions} [options]
   * @returns {Promise<import('../../types.js').RegressionMetrics>} rejects with BAD_INPUT, NO_EXAMPLES or BAD_LABELS
   */
  async evaluate(examples, options = {}) {
    if (this.labels.length !== 1)
      throw new BertletError(
        'BAD_INPUT',
        `This head gives ${this.labels.length} numbers for a text; evaluate() compares one.`,
      );
    const { texts, scores } = checkScoredExamples(examples);
    /** @type {number[]} */
    const predicted = [];
    await this.logits(texts, options, (index, [score]) => (predicted[index] = score));
    return regressionMetrics(scores, predicted);
  }
}

guard(TextRegressor);
