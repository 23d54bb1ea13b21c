// Which of a model's tensors a method trains, and which get an adapter.
import { parsePattern } from '../../checkpoint/name-pattern.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('./tuner.js').TunerPlan['tuning'][number]} Tuning */

/** Weights that can have an adapter: the linear layers of the encoder's layers. */
const LINEAR =
  /^encoder\.layer\.\d+\.(attention\.self\.(query|key|value)|attention\.output\.dense|intermediate\.dense|output\.dense)\.weight$/;

/**
 * The tensors that get an adapter, by PEFT's rules: 'all-linear' means all linear layers; names match whole modules' names or the end of
 * them, after a dot; another string is a pattern for whole names. Throws BAD_INPUT if it names none, or a name of the list none.
 * @param {string[]} names of all tensors, canonical
 * @param {string | string[]} targetModules
 * @returns {Tuning[]} [tensors]
 */
export function adaptedTensors(names, targetModules) {
  const modules = names.map((name) => (LINEAR.test(name) ? name.replace(/\.weight$/, '') : ''));
  const matchers = matchersOf(targetModules);
  for (const { target, matches } of matchers) {
    if (modules.some((module) => module !== '' && matches(module))) continue;
    const known = [...new Set(modules.map((module) => module.replace(/^encoder\.layer\.\d+\./, '')))].filter(Boolean);
    throw new BertletError(
      'BAD_INPUT',
      `targetModules has ${JSON.stringify(target)}, which is no linear layer of this model's encoder. There are ${known.join(', ')}; or 'all-linear'.`,
    );
  }
  return modules.map((module) =>
    module !== '' && matchers.some(({ matches }) => matches(module)) ? 'ADAPTED' : 'FROZEN',
  );
}

/**
 * @param {string | string[]} targetModules
 * @returns {{ target: string, matches: (module: string) => boolean }[]}
 */
function matchersOf(targetModules) {
  if (Array.isArray(targetModules))
    return targetModules.map((target) => ({ target, matches: (module) => `.${module}`.endsWith(`.${target}`) }));
  if (targetModules === 'all-linear') return [{ target: targetModules, matches: () => true }];
  try {
    return [{ target: targetModules, matches: parsePattern(`(.*\\.)?(${targetModules})`) }];
  } catch (error) {
    throw new BertletError(
      'BAD_INPUT',
      `targetModules is the pattern ${JSON.stringify(targetModules)}, which bertlet doesn't understand. Give the names of modules, such as ['query', 'value'].`,
      { cause: error },
    );
  }
}

/**
 * The tensors of the layers from `begin` on, which are trained as they are, with what follows the last layer; with `begin` 0 the
 * embeddings too.
 * @param {string[]} names of all tensors, canonical
 * @param {number} begin
 * @returns {Tuning[]} [tensors]
 */
export const trainedTensors = (names, begin) =>
  names.map((name) => {
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    const comesBefore = layer === undefined ? name.startsWith('embeddings') : Number(layer) < begin;
    return comesBefore && begin > 0 ? 'FROZEN' : 'TRAINED';
  });
