// A linear layer with softmax, by the core.
import { align } from './wasm.js';

/**
 * @param {import('./wasm.js').Core} core
 * @param {number} features address of [rows][featureCount]
 * @param {number} rows
 * @param {number} featureCount
 * @param {Float32Array} weight [classes][featureCount]
 * @param {Float32Array} bias [classes]
 * @returns {Float32Array} [rows][classes] probabilities, a copy
 */
export function linearSoftmax(core, features, rows, featureCount, weight, bias) {
  const sizes = { weight: align(weight.byteLength), bias: align(bias.byteLength), logits: 4 * rows * bias.length };
  const weightAt = core.scratch(sizes.weight + sizes.bias + sizes.logits);
  const biasAt = weightAt + sizes.weight;
  const logitsAt = biasAt + sizes.bias;
  core.floats(weightAt, weight.length).set(weight);
  core.floats(biasAt, bias.length).set(bias);
  core.fn.linear(features, rows, featureCount, weightAt, biasAt, bias.length, logitsAt);
  core.fn.softmax(logitsAt, rows, bias.length);
  return core.floats(logitsAt, rows * bias.length).slice();
}
