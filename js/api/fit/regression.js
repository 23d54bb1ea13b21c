// `fit` for a number for each text: checks of examples and options, and a head's data from the worker's result.
import { BertletError } from '../../errors.js';
import { checkScoredExamples } from '../examples.js';
import { checkChoice } from '../options.js';
import { checkCommonOptions, layerCandidates } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES or BAD_LABELS.
 * @param {any[]} examples
 * @param {FitOptions} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function prepareRegressor(examples, options, info) {
  const { validation = 0, c, seed = 0, pooling = 'mean' } = options;
  checkChoice('pooling', pooling, ['mean', 'max', 'cls']);
  const layers = layerCandidates(options.layer ?? info.numLayers, info, []);
  if (layers.length === 0)
    throw new BertletError('BAD_INPUT', "layer is 'auto', which regression can't choose; give a number.");
  const { texts, scores } = checkScoredExamples(examples);
  return {
    labels: ['score'],
    params: {
      ...checkCommonOptions({ validation, c, seed }),
      texts,
      labels: scores.map((score) => [score]),
      classes: 1,
      classWeight: Float32Array.of(1),
      layers,
      poolings: [pooling],
    },
    /** @param {any} fitted */
    finish: ({ network, report, validation: { examples: heldOut } }) => ({
      network,
      report,
      heldOut: heldOut.map((/** @type {number} */ i) => examples[i]),
    }),
  };
}
