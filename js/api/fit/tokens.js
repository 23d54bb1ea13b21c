// `fit` for tags of words: checks of examples and options, and a head's data from the worker's result.
import { range } from '../../base/numbers.js';
import { BertletError } from '../../errors.js';
import { checkTaggedExamples, labelNames } from '../examples.js';
import { checkCommonOptions, layerCandidates, mlpOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').Task} Task */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS.
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function prepareTagger(examples, options, info) {
  const { words, tags } = checkTaggedExamples(examples);
  const names = labelNames(tags, options.task);
  const indices = new Map(names.map((name, index) => [name, index]));
  const { validation = 0, c, seed = 0, standardize = true } = options;
  if (typeof standardize !== 'boolean')
    throw new BertletError('BAD_INPUT', `standardize is ${standardize}; for entities it must be true or false.`);
  return {
    labels: names,
    params: {
      ...checkCommonOptions({ validation, c, seed }),
      words,
      tags: tags.map((list) => list.map((name) => indices.get(name))),
      classes: names.length,
      outside: names.indexOf('O'),
      // Layers in the middle are best for entities. The worker tries them in this order, until one is worse than the one before.
      layers: layerCandidates(options.layer ?? 'auto', info, range(Math.ceil(info.numLayers / 2), info.numLayers + 1)),
      standardize,
      mlp: mlpOptions({ epochs: 10, ...options }),
    },
    /** @param {import('../../train/frozen/tokens.js').FittedTagger} fitted */
    finish({ network, report, transitions, validation: numbers }) {
      const size = names.length ** 2;
      return {
        network,
        report: /** @type {import('../../types.js').FitReport} */ (report),
        heldOut: numbers.map((i) => examples[i]),
        ...(transitions && {
          transitions: {
            start: Float64Array.from(transitions.subarray(size)),
            next: Float64Array.from(transitions.subarray(0, size)),
            end: new Float64Array(names.length),
          },
        }),
      };
    },
  };
}
