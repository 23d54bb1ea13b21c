// Which of a model's tensors a method trains, and which get an adapter.
import { parsePattern, UnknownPattern } from '../../checkpoint/name-pattern.js';
import { nameInModel } from '../../checkpoint/own-names.js';
import { isInModule } from '../../checkpoint/saved-modules.js';
import { BertletError } from '../../errors.js';

/** @typedef {import('./tuner.js').TunerPlan['tuning'][number]} Tuning */

/** Weights that can have an adapter: the linear layers of the encoder's layers. */
const LINEAR =
  /^encoder\.layer\.\d+\.(attention\.self\.(query|key|value)|attention\.output\.dense|intermediate\.dense|output\.dense)\.weight$/;

/**
 * Method 'lora': the tensors that get an adapter, and those of modules that are trained as a whole; these get none, as in PEFT. Throws
 * BAD_INPUT if a name or pattern matches none, or nothing gets an adapter.
 * @param {string[]} names of all tensors, canonical
 * @param {import('../../checkpoint/families/family.js').Family} family
 * @param {string | string[]} targetModules
 * @param {string[]} modulesToSave
 * @returns {Tuning[]} [tensors]
 */
export function loraTensors(names, family, targetModules, modulesToSave) {
  const adapted = adaptedTensors(names, family, targetModules);
  const unknown = modulesToSave.find((module) => !names.some((name) => isInModule(name, family, module)));
  if (unknown !== undefined)
    throw new BertletError(
      'BAD_INPUT',
      `modulesToSave has ${JSON.stringify(unknown)}, which is no module of this model's encoder. There are, for instance, embeddings, layer.0 and ${normalizations(names, family)}. The head is always trained.`,
    );
  const tuning = names.map((name, i) =>
    modulesToSave.some((module) => isInModule(name, family, module)) ? 'TRAINED' : adapted[i],
  );
  if (tuning.includes('ADAPTED')) return tuning;
  throw new BertletError(
    'BAD_INPUT',
    "modulesToSave has all modules that would get an adapter. Train them by method 'layers' or 'full'.",
  );
}

/**
 * What the normalizations are called in the family: 'LayerNorm' in BERT.
 * @param {string[]} names of all tensors, canonical
 * @param {import('../../checkpoint/families/family.js').Family} family
 */
function normalizations(names, family) {
  const modules = names.map((name) => nameInModel(name, family).split('.').at(-2) ?? '');
  return [...new Set(modules.filter((module) => /(norm|^ln)$/i.test(module)))].join(', ');
}

/**
 * The tensors that get an adapter, by PEFT's rules: 'all-linear' means all linear layers; the names of a list match whole modules' names, or
 * the end of them after a dot; another string is a pattern for whole names. Modules are called as in transformers. Throws BAD_INPUT if a
 * name or the pattern matches none.
 * @param {string[]} names of all tensors, canonical
 * @param {import('../../checkpoint/families/family.js').Family} family
 * @param {string | string[]} targetModules
 * @returns {Tuning[]} [tensors]
 */
export function adaptedTensors(names, family, targetModules) {
  const modules = names.map((name) => (LINEAR.test(name) ? nameInModel(name, family).replace(/\.weight$/, '') : ''));
  const matchers = matchersOf(targetModules, family);
  for (const { target, matches } of matchers) {
    if (modules.some((module) => module !== '' && matches(module))) continue;
    const known = new Set(modules.filter(Boolean).map((module) => module.replace(/^.*\.\d+\./, '')));
    throw new BertletError(
      'BAD_INPUT',
      `targetModules has ${JSON.stringify(target)}, which is no linear layer of this model's encoder. There are ${[...known].join(', ')}; or 'all-linear'.`,
    );
  }
  return modules.map((module) =>
    module !== '' && matchers.some(({ matches }) => matches(module)) ? 'ADAPTED' : 'FROZEN',
  );
}

/**
 * @param {string | string[]} targetModules
 * @param {import('../../checkpoint/families/family.js').Family} family
 * @returns {{ target: string, matches: (module: string) => boolean }[]}
 */
function matchersOf(targetModules, { prefixes }) {
  if (Array.isArray(targetModules))
    return targetModules.map((target) => ({ target, matches: (module) => `.${module}`.endsWith(`.${target}`) }));
  if (targetModules === 'all-linear') return [{ target: targetModules, matches: () => true }];
  try {
    const matches = parsePattern(targetModules);
    // With a prefix in a model that has a head, without one in a bare encoder.
    const isNamed = (/** @type {string} */ module) =>
      ['', ...prefixes.map((prefix) => `${prefix}.`)].some((prefix) => matches(prefix + module));
    return [{ target: targetModules, matches: isNamed }];
  } catch (error) {
    if (!(error instanceof UnknownPattern)) throw error;
    throw new BertletError(
      'BAD_INPUT',
      `targetModules is the pattern ${JSON.stringify(targetModules)}, which bertlet doesn't understand. Give the names of modules, such as ['query', 'value'].`,
      { cause: error },
    );
  }
}

/**
 * The tensors of the layers from `begin` on, which are trained as they are, with what follows the last layer.
 * @param {string[]} names of all tensors, canonical
 * @param {number} begin
 * @param {boolean} embeddings whether they are trained too
 * @returns {Tuning[]} [tensors]
 */
export const trainedTensors = (names, begin, embeddings) =>
  names.map((name) => {
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    const isTrained = name.startsWith('embeddings') ? embeddings : layer === undefined || Number(layer) >= begin;
    return isTrained ? 'TRAINED' : 'FROZEN';
  });
