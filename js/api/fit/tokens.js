// `fit` for tags of words: checks of examples and options, and a head's data from the worker's result.
import { range } from '../../base/numbers.js';
import { convertTags, schemeOf, schemes } from '../../decode/schemes.js';
import { sameTag } from '../../decode/tags.js';
import { BertletError } from '../../errors.js';
import { checkTaggedExamples, labelNames } from '../examples.js';
import { checkChoice } from '../options.js';
import { checkCommonOptions, layerCandidates, mlpOptions } from './options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */
/** @typedef {import('../../types.js').HeadTask} Task */

/**
 * See `prepare` in index.js. Throws BAD_INPUT, NO_EXAMPLES, BAD_LABELS or ONE_CLASS.
 * @param {any[]} examples
 * @param {FitOptions & { task: Task }} options
 * @param {import('../../types.js').ModelInfo} info
 */
export function prepareTagger(examples, options, info) {
  const { words, tags: given } = checkTaggedExamples(examples);
  const { tags, scheme } = trainingTags(given, options.scheme);
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
      names,
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
        report: /** @type {import('../../types.js').FitReport} */ ({ ...report, scheme }),
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

/**
 * Tags in the scheme that a head is trained in: where they mark only some of the entities' first or last words (IOB1, IOE1), or no first
 * words (IOE2), that is IOB2. Throws BAD_INPUT for an unknown scheme, BAD_LABELS for tags that are not of the given one.
 * @param {string[][]} given [sentences][words]
 * @param {import('../../decode/schemes.js').Scheme} [named] the scheme that they are in; default: recognized
 * @returns {{ tags: string[][], scheme: import('../../decode/schemes.js').AnyScheme }}
 */
function trainingTags(given, named) {
  if (named !== undefined) checkScheme(given, named);
  const scheme = named ?? schemeOf(given);
  if (!['IOB1', 'IOE1', 'IOE2'].includes(scheme)) return { tags: given, scheme };
  return { tags: given.map((tags) => convertTags(tags, 'IOB2')), scheme: 'IOB2' };
}

/**
 * Throws BAD_INPUT for an unknown scheme, BAD_LABELS for the first tag that is not valid in it.
 * @param {string[][]} sentences [sentences][words] tags
 * @param {import('../../decode/schemes.js').Scheme} scheme
 */
function checkScheme(sentences, scheme) {
  checkChoice('scheme', scheme, schemes);
  sentences.forEach((tags, i) => {
    const valid = convertTags(tags, scheme);
    const word = tags.findIndex((tag, k) => !sameTag(tag, valid[k]));
    if (word < 0) return;
    const expected = `in ${scheme} it would be "${valid[word]}"`;
    throw new BertletError(
      'BAD_LABELS',
      `Word ${word} of example ${i} has the tag "${tags[word]}"; ${expected}. Leave out scheme to have it recognized.`,
    );
  });
}
