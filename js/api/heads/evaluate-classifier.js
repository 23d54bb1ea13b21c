// Measures how well a head classifies labelled examples.
import { indexOfMax } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { evaluateMultiLabel, evaluatePredictions } from '../../metrics/classification.js';
import { checkExamples, checkMultiLabelExamples } from '../examples.js';

/** @typedef {import('../../tokenize/tokenizer.js').Text} Text */

/**
 * Classifies examples and compares the results with their labels. Rejects with BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {any[]} examples
 * @param {readonly string[]} labels the head's
 * @param {number | undefined} threshold of multi-label classification: a text has all labels of at least this probability. undefined: it
 *   has only the most likely one
 * @param {(texts: Text[], use: (index: number, scores: ArrayLike<number>) => void) => Promise<void>} score calls `use` for each text with
 *   the probabilities of the labels
 * @returns {Promise<import('../../types.js').Metrics | import('../../types.js').MultiLabelMetrics>}
 */
export async function evaluateClassifier(examples, labels, threshold, score) {
  const multiLabel = threshold !== undefined;
  const { texts, labels: truth } = multiLabel ? checkMultiLabelExamples(examples) : checkExamples(examples);
  const given = truth.flat(); // may be empty for multi-label
  if (given.length > 0 && !given.some((label) => labels.includes(label))) {
    const firstLabels = labels.slice(0, 5).join(', ');
    throw new BertletError(
      'BAD_LABELS',
      `No example has a label that this head knows (${firstLabels}); the first has "${given[0]}".`,
    );
  }
  /** @type {string[][]} */
  const predicted = [];
  await score(texts, (index, scores) => {
    predicted[index] = multiLabel ? labels.filter((_, i) => scores[i] >= threshold) : [labels[indexOfMax(scores)]];
  });
  return multiLabel
    ? evaluateMultiLabel(/** @type {string[][]} */ (truth), predicted, [...labels])
    : evaluatePredictions(/** @type {string[]} */ (truth), predicted.flat(), [...labels]);
}
