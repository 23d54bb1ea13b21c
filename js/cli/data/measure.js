// Metrics of a head on labelled examples, under the names that the command line prints.
import { hasLabels } from '../lib/tasks.js';
import { checkLabels, listeners } from './examples.js';

/** @typedef {import('../../api/heads/any-head.js').AnyHead} AnyHead */

/**
 * Rejects with BAD_LABELS if an example has a label that the head doesn't know.
 * @param {AnyHead} head
 * @param {{ file: string, examples: any[] }} data read for the head's task
 * @param {import('../lib/command.js').Context} context
 * @param {{ threshold?: number, decoding?: 'viterbi' | 'argmax', scheme?: import('../../types.js').Scheme, stride?: number }} [given]
 * @returns {Promise<Record<string, unknown>>}
 */
export async function measure(head, { file, examples }, context, given = {}) {
  const options = listeners(context, { file, examples });
  if (hasLabels(head.task)) checkLabels(examples, file, head.labels);
  const metrics = /** @type {any} */ (await /** @type {any} */ (head).evaluate(examples, { ...options, ...given }));
  return namedMetrics(head.task, metrics);
}

/**
 * Metrics as the command line prints them; those that `fit` makes of held-out texts are fewer.
 * @param {import('../../types.js').HeadTask} task
 * @param {any} metrics what a head's `evaluate` gives
 * @returns {Record<string, unknown>}
 */
export function namedMetrics(task, metrics) {
  const { accuracy, macroF1, microF1, precision, recall, f1, exactMatch, n, labels, confusion, classes, types } =
    metrics;
  const { pearson, spearman, r2, mse, meanReciprocalRank, recallAt1 } = metrics;
  switch (task) {
    case 'text-classification':
      return { accuracy, macro_f1: macroF1, micro_f1: microF1, n, labels, classes, confusion_matrix: confusion };
    case 'multi-label':
      return { accuracy, macro_f1: macroF1, micro_f1: microF1, n, labels, classes };
    case 'regression':
      return { pearson, spearman, r2, mse, n };
    case 'token-classification':
      return { precision, recall, f1, accuracy, n, types };
    case 'question-answering':
      return { exact_match: exactMatch, f1, n };
    case 'sentence-similarity':
      return spearman === undefined
        ? { mean_reciprocal_rank: meanReciprocalRank, recall_at_1: recallAt1, n }
        : { spearman, pearson, n };
  }
}
