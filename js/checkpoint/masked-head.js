// The masked-LM head of a checkpoint: a dense layer, layer normalization, and a decoder, mostly the word embeddings.
import { BertletError } from '../errors.js';

/**
 * @typedef {object} MaskedHead
 * @property {import('../core/dense.js').Dense} transform [embeddingSize][hiddenSize]
 * @property {{ gamma: Float32Array, beta: Float32Array, epsilon: number }} norm [embeddingSize]
 * @property {Float32Array} [decoder] [vocabSize][embeddingSize], if it is not the word embeddings
 * @property {Float32Array} bias [vocabSize]
 */

/** @param {any} json config.json */
const hasOwnDecoder = (json) => json.tie_word_embeddings === false;

/**
 * The canonical names of the tensors that a masked-LM head has.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @returns {string[]}
 */
export function maskedTensors(json, { maskedHead: { transform, norm, decoder, bias } }) {
  const both = [transform, norm].flatMap((module) => [`${module}.weight`, `${module}.bias`]);
  return [...both, ...bias, ...(hasOwnDecoder(json) ? [`${decoder}.weight`] : [])];
}

/**
 * The decoder's weights where they are the word embeddings, which a checkpoint may store under this name only.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @returns {string | undefined} canonical name; undefined: they are not the same
 */
export const tiedTensor = (json, { maskedHead: { decoder } }) =>
  hasOwnDecoder(json) ? undefined : `${decoder}.weight`;

/**
 * @param {any} json config.json
 * @param {import('./config.js').Config} config the same, read
 * @param {Map<string, import('./safetensors.js').FloatTensor>} tensors by canonical name
 * @returns {MaskedHead | undefined} undefined: the checkpoint has none; throws MISSING_TENSOR or SHAPE_MISMATCH where it has part of one
 */
export function buildMaskedHead(json, { family, activation, epsilon, hiddenSize, embeddingSize, vocabSize }, tensors) {
  const { transform, norm, decoder, bias, activation: own } = family.maskedHead;
  if (!tensors.has(`${transform}.weight`)) return undefined;
  /** @param {number[]} shape @param {string[]} names of which one must be there */
  const take = (shape, ...names) => {
    const name = names.find((one) => tensors.has(one));
    const found = tensors.get(name ?? '');
    if (found && String(found.shape) === String(shape)) return found.values;
    if (found)
      throw new BertletError(
        'SHAPE_MISMATCH',
        `The masked-LM head's tensor ${name} has shape [${found.shape}], but it should be [${shape}]. Export the model again.`,
      );
    throw new BertletError(
      'MISSING_TENSOR',
      `The checkpoint has part of a masked-LM head, but not the tensor ${names[0]}. Export the model again.`,
    );
  };
  return {
    transform: {
      weight: take([embeddingSize, hiddenSize], `${transform}.weight`),
      bias: take([embeddingSize], `${transform}.bias`),
      activation: own ?? activation,
    },
    norm: {
      gamma: take([embeddingSize], `${norm}.weight`),
      beta: take([embeddingSize], `${norm}.bias`),
      epsilon,
    },
    ...(hasOwnDecoder(json) && { decoder: take([vocabSize, embeddingSize], `${decoder}.weight`) }),
    bias: take([vocabSize], ...bias),
  };
}
