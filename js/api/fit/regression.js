// `fit` for a number for each text: checks of examples and options, and a head's data from the worker's result.
import { BertletError } from '../../errors.js';
import { checkScoredExamples } from '../examples.js';
import { poolingsOf } from './classification.js';
import { checkCommonOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {any[]} examples
 * @param {FitOptions} options
 */
export function prepareRegressor(examples, { method = 'head', validation = 0, seed = 0, pooling = 'mean' }) {
  if (method === 'head')
    throw new BertletError(
      'BAD_INPUT',
      "task 'regression' trains the encoder too: take method 'lora', 'layers' or 'full'.",
    );
  const { texts, scores } = checkScoredExamples(examples);
  return {
    labels: ['score'],
    params: {
      ...checkCommonOptions({ validation, seed }),
      texts,
      labels: scores.map((score) => [score]),
      classes: 1,
      classWeight: Float32Array.of(1),
      poolings: poolingsOf(pooling, method),
    },
    /** @param {import('../../train/frozen/classification.js').FittedClassifier} fitted */
    finish: ({ network, report, validation: { examples: heldOut } }) => ({
      network,
      report,
      heldOut: heldOut.map((i) => examples[i]),
    }),
  };
}
