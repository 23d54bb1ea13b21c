// Checks of the options that several tasks of `fit` have in common. Each throws BAD_INPUT.
import { BertletError } from '../../errors.js';
import { checkInteger } from '../options.js';

/** @typedef {import('../../types.js').FitOptions} FitOptions */

/**
 * The options of every task.
 * @param {{ validation: number, c?: number, seed: number }} options
 */
export function checkCommonOptions({ validation, c, seed }) {
  if (!(validation >= 0 && validation <= 0.9))
    throw new BertletError('BAD_INPUT', `validation is ${validation}; it must be from 0 to 0.9.`);
  if (c !== undefined && !(c > 0 && c < Infinity))
    throw new BertletError('BAD_INPUT', `c is ${c}; it must be a positive number.`);
  if (!Number.isInteger(seed)) throw new BertletError('BAD_INPUT', `seed is ${seed}; it must be an integer.`);
  return { validation, c, seed };
}

/**
 * The layers to choose from.
 * @param {number | 'auto'} layer
 * @param {import('../../types.js').ModelInfo} info
 * @param {number[]} candidates what 'auto' stands for
 */
export function layerCandidates(layer, { numLayers }, candidates) {
  if (layer === 'auto') return candidates;
  if (!(Number.isInteger(layer) && layer >= 0 && layer <= numLayers))
    throw new BertletError('BAD_INPUT', `layer is ${layer}; it must be 'auto' or an integer from 0 to ${numLayers}.`);
  return [layer];
}

/** The options of a head with hidden units, with their defaults; undefined for a linear head. @param {FitOptions} options */
export function mlpOptions({
  head = 'linear',
  hiddenSize = 128,
  epochs = 30,
  learningRate = 1e-3,
  earlyStopping = true,
}) {
  if (head === 'linear') return undefined;
  for (const [name, value] of Object.entries({ hiddenSize, epochs })) checkInteger(name, value, 1, 65536);
  if (!(learningRate > 0 && learningRate < Infinity))
    throw new BertletError('BAD_INPUT', `learningRate is ${learningRate}; it must be a positive number.`);
  return { hiddenSize, epochs, learningRate, earlyStopping: Boolean(earlyStopping) };
}
