// What a head computes: the hidden states that it reads, how they are pooled, and its dense layers.
import { ACTIVATION } from './abi.js';
import { align } from './instance.js';

/**
 * A fully connected layer, as torch.nn.Linear, and its activation.
 * @typedef {object} Dense
 * @property {Float32Array} weight [outputs][inputs]
 * @property {Float32Array} bias [outputs]
 * @property {'none' | keyof typeof ACTIVATION} activation
 */

/** Which vector of a text's tokens is used; 'none': each of them. @typedef {'mean' | 'cls' | 'max' | 'none'} Pooling */

/**
 * A low-rank change of a linear layer's weight W [rows][columns] to W + scale . B . A (LoRA, Hu et al. 2021,
 * https://arxiv.org/abs/2106.09685).
 * @typedef {object} Delta
 * @property {Float32Array} a [rank][columns]
 * @property {Float32Array} b [rows][rank]
 * @property {number} rank
 * @property {number} rows
 * @property {number} columns
 * @property {number} scale
 */

/** Adapters that lie beside a model's weights, by the canonical names of the tensors that they change. @typedef {Map<string, Delta>} Lora */

/**
 * Which features of a text a head reads: a row for each text or, with pooling 'none', for each token.
 * @typedef {object} FeatureSpec
 * @property {number} layer whose hidden states are read: 0 (the embeddings) to the number of layers. The encoder runs no deeper
 * @property {Pooling} pooling
 * @property {boolean} normalize whether each row is divided by its Euclidean length
 * @property {Lora} [lora] adapters with which the encoder computes the hidden states; default: none
 * @property {boolean} [ignoreTokenTypes] whether all token type ids are 0, even those of a pair's second text, as in the training of the
 *   adapters; default: what the model was loaded with
 */

/** How the encoder computes hidden states. @typedef {Pick<FeatureSpec, 'lora' | 'ignoreTokenTypes'>} EncoderSpec */

/** What a head computes; the outputs of the last layer are its logits. @typedef {FeatureSpec & { dense: Dense[] }} HeadNetwork */

/** A head with the list of its weights, see `weightsOf`. @typedef {HeadNetwork & { weights: Float32Array[] }} ReadyHead */

/**
 * A list of the layers' weights for `applyDense`. Keep it and pass the same list again: as long as the weights are still in the core's
 * memory, they are not copied there a second time.
 * @param {Dense[]} dense
 * @returns {Float32Array[]} weight and bias of each layer, not copied
 */
export const weightsOf = (dense) => dense.flatMap(({ weight, bias }) => [weight, bias]);

/**
 * Applies dense layers to rows. Throws OUT_OF_MEMORY.
 * @param {import('./instance.js').Core} core
 * @param {number} rows
 * @param {number} features address of [rows][inputs of the first layer]
 * @param {Dense[]} dense
 * @param {Float32Array[]} weights `weightsOf(dense)`
 * @returns {Float32Array} [rows][outputs of the last layer], a copy
 */
export function applyDense(core, rows, features, dense, weights) {
  const sizes = dense.map(({ bias }) => align(4 * rows * bias.length));
  const addresses = core.copyIn(
    weights,
    sizes.reduce((sum, size) => sum + size),
  );
  let input = features;
  let output = addresses[weights.length];
  dense.forEach((layer, i) => {
    applyLayer(core, layer, addresses.slice(2 * i), rows, input, output);
    input = output;
    output += sizes[i];
  });
  return core.floats(input, rows * outputCount(dense)).slice();
}

/**
 * Applies one dense layer to rows.
 * @param {import('./instance.js').Core} core
 * @param {Dense} layer
 * @param {number[]} addresses of its weight and bias
 * @param {number} rows
 * @param {number} input address of [rows][inputs]
 * @param {number} output address of [rows][outputs]
 */
export function applyLayer({ fn }, { weight, bias, activation }, [weightAddress, biasAddress], rows, input, output) {
  fn.linear(input, rows, weight.length / bias.length, weightAddress, biasAddress, bias.length, output);
  if (activation !== 'none') fn.activate(output, rows * bias.length, ACTIVATION[activation]);
}

/** Number of outputs of the last layer. @param {Dense[]} dense */
export const outputCount = (dense) => dense[dense.length - 1].bias.length;
