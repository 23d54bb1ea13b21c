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

/**
 * @param {import('./instance.js').Core} core
 * @param {number} rows
 * @param {number} features address of [rows][inputs of the first layer]
 * @param {Dense[]} dense
 * @returns {Float32Array} [rows][outputs of the last layer], a copy
 */
export function applyDense(core, rows, features, dense) {
  const sizes = dense.map(({ weight, bias }) => ({
    weight: align(weight.byteLength),
    bias: align(bias.byteLength),
    outputs: align(4 * rows * bias.length),
  }));
  let next = core.scratch(sizes.reduce((sum, { weight, bias, outputs }) => sum + weight + bias + outputs, 0));
  const take = (/** @type {number} */ size) => (next += size) - size;

  let input = features;
  dense.forEach(({ weight, bias, activation }, i) => {
    const at = { weight: take(sizes[i].weight), bias: take(sizes[i].bias), outputs: take(sizes[i].outputs) };
    core.floats(at.weight, weight.length).set(weight);
    core.floats(at.bias, bias.length).set(bias);
    core.fn.linear(input, rows, weight.length / bias.length, at.weight, at.bias, bias.length, at.outputs);
    if (activation !== 'none') core.fn.activate(at.outputs, rows * bias.length, ACTIVATION[activation]);
    input = at.outputs;
  });
  return core.floats(input, rows * outputCount(dense)).slice();
}

/** @param {Dense[]} dense */
export const outputCount = (dense) => dense[dense.length - 1].bias.length;
