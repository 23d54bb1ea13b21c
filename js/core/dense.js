// What a head computes: which hidden states it reads, how they become rows, and the dense layers on top of them.
import { ACTIVATION } from './abi.js';
import { align } from './instance.js';

/**
 * A fully connected layer, as torch.nn.Linear, and what follows it.
 * @typedef {object} Dense
 * @property {Float32Array} weight [outputs][inputs]
 * @property {Float32Array} bias [outputs]
 * @property {'none' | keyof typeof ACTIVATION} activation
 */

/** @typedef {'mean' | 'cls' | 'max' | 'none'} Pooling 'none': a row for each token */

/**
 * @typedef {object} FeatureSpec which hidden states, and how they become features
 * @property {number} layer whose hidden states are read, 0 (the embeddings) .. layers; the encoder runs no deeper
 * @property {Pooling} pooling
 * @property {boolean} normalize whether each row is divided by its length
 */

/** @typedef {FeatureSpec & { dense: Dense[] }} HeadNetwork the last layer's outputs are the logits */

/** @typedef {HeadNetwork & { weights: Float32Array[] }} ReadyHead with `weightsOf` its layers */

/**
 * The weights as `applyDense` wants them. Whoever applies the same layers again gives the same list: then it is copied once.
 * @param {Dense[]} dense
 */
export const weightsOf = (dense) => dense.flatMap(({ weight, bias }) => [weight, bias]);

/**
 * @param {import('./instance.js').Core} core
 * @param {number} rows
 * @param {number} features address of [rows][inputs of the first layer]
 * @param {Dense[]} dense
 * @param {Float32Array[]} weights
 * @returns {Float32Array} [rows][outputs of the last layer], a copy
 */
export function applyDense(core, rows, features, dense, weights) {
  const sizes = dense.map(({ bias }) => align(4 * rows * bias.length));
  const at = core.place(
    weights,
    sizes.reduce((sum, size) => sum + size),
  );
  let input = features;
  let output = at[weights.length];
  dense.forEach((layer, i) => {
    applyLayer(core, layer, at.slice(2 * i), rows, input, output);
    input = output;
    output += sizes[i];
  });
  return core.floats(input, rows * outputCount(dense)).slice();
}

/**
 * @param {import('./instance.js').Core} core
 * @param {Dense} layer
 * @param {number[]} at addresses of its weight and bias
 * @param {number} rows
 * @param {number} input address of [rows][inputs]
 * @param {number} output address of [rows][outputs]
 */
export function applyLayer({ fn }, { weight, bias, activation }, [weightAt, biasAt], rows, input, output) {
  fn.linear(input, rows, weight.length / bias.length, weightAt, biasAt, bias.length, output);
  if (activation !== 'none') fn.activate(output, rows * bias.length, ACTIVATION[activation]);
}

/** @param {Dense[]} dense */
export const outputCount = (dense) => dense[dense.length - 1].bias.length;
