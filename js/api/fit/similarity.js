// `fit` for pairs of texts that belong together, or are alike to some degree: checks of examples and options, and a head's data.
import { BertletError } from '../../errors.js';
import { checkPairExamples } from '../examples.js';
import { checkCommonOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {any[]} examples
 * @param {FitOptions} options
 */
export function prepareSimilarity(examples, { method, validation = 0, seed = 0 }) {
  if (method !== 'contrastive')
    throw new BertletError('BAD_INPUT', `task 'sentence-similarity' has method 'contrastive' only, not '${method}'.`);
  return {
    labels: [],
    params: { ...checkPairExamples(examples), ...checkCommonOptions({ validation, seed }) },
    /** @param {any} fitted */
    finish: ({ network, report }) => ({ network, report }),
  };
}
