// How well a head classifies examples.
import { indexOfMax } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { evaluateMultiLabel, evaluatePredictions } from '../../metrics/classification.js';
import { checkExamples, checkMultiLabelExamples } from '../examples.js';

/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */

/**
 * @param {any[]} examples
 * @param {readonly string[]} known the head's labels
 * @param {number | undefined} threshold from which probability on a text has a label; undefined: it has one, the most likely
 * @param {(texts: Text[], use: (index: number, scores: ArrayLike<number>) => void) => Promise<void>} score gives probabilities of the labels
 * @returns {Promise<import('../../metrics/classification.js').Metrics | import('../../metrics/classification.js').MultiLabelMetrics>}
 */
export async function evaluateClassifier(examples, known, threshold, score) {
  const multiLabel = threshold !== undefined;
  const { texts, labels } = multiLabel ? checkMultiLabelExamples(examples) : checkExamples(examples);
  const given = labels.flat(); // none, where texts may have none
  if (given.length > 0 && !given.some((label) => known.includes(label))) {
    const some = known.slice(0, 5).join(', ');
    throw new BertletError(
      'BAD_LABELS',
      `No example has a label that this head knows (${some}); the first has "${given[0]}".`,
    );
  }
  /** @type {string[][]} */
  const predicted = [];
  await score(texts, (index, scores) => {
    predicted[index] = multiLabel ? known.filter((_, i) => scores[i] >= threshold) : [known[indexOfMax(scores)]];
  });
  return multiLabel
    ? evaluateMultiLabel(/** @type {string[][]} */ (labels), predicted, [...known])
    : evaluatePredictions(/** @type {string[]} */ (labels), predicted.flat(), [...known]);
}
