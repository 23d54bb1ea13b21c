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
 * @param {any} json config.json
 * @param {import('./config.js').Config} config the same, read
 * @param {Map<string, import('./safetensors.js').FloatTensor>} tensors by canonical name
 * @returns {MaskedHead | undefined} undefined: the checkpoint has none
 */
export function buildMaskedHead(json, { family, activation, epsilon }, tensors) {
  const { transform, norm, decoder, bias, activation: own } = family.maskedHead;
  if (!tensors.has(`${transform}.weight`)) return undefined;
  /** @param {string[]} names of which one must be there */
  const take = (...names) => {
    const found = names.map((name) => tensors.get(name)).find((tensor) => tensor);
    if (found) return found.values;
    throw new BertletError(
      'MISSING_TENSOR',
      `The checkpoint has part of a masked-LM head, but not the tensor ${names[0]}. Export the model again.`,
    );
  };
  return {
    transform: {
      weight: take(`${transform}.weight`),
      bias: take(`${transform}.bias`),
      activation: own ?? activation,
    },
    norm: {
      gamma: take(`${norm}.weight`),
      beta: take(`${norm}.bias`),
      epsilon,
    },
    ...(hasOwnDecoder(json) && { decoder: take(`${decoder}.weight`) }),
    bias: take(...bias),
  };
}
