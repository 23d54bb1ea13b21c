// The masked-LM head of a checkpoint: a dense layer, layer normalization, and a decoder, whose weights mostly are the word embeddings
// (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).
import { BertletError } from '../errors.js';

/**
 * @typedef {object} MaskedHead
 * @property {import('../core/dense.js').Dense} transform weight [embeddingSize][hiddenSize]
 * @property {{ gamma: Float32Array, beta: Float32Array, epsilon: number }} norm [embeddingSize] each
 * @property {Float32Array} [decoder] [vocabSize][embeddingSize], if it does not share the word embeddings
 * @property {Float32Array} bias [vocabSize]
 */

/** Whether the decoder does not share the word embeddings. @param {any} json config.json */
const isUntied = (json) => json.tie_word_embeddings === false;

/**
 * The canonical names of the tensors that a masked-LM head may have.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @returns {string[]}
 */
export function maskedHeadTensors(json, { maskedHead: { transform, norm, decoder, bias } }) {
  const layers = [transform, norm].flatMap((module) => [`${module}.weight`, `${module}.bias`]);
  return [...layers, ...bias, ...(isUntied(json) ? [`${decoder}.weight`] : [])];
}

/**
 * The masked-LM head from a checkpoint's tensors. Throws MISSING_TENSOR if only a part of it is there.
 * @param {any} json config.json
 * @param {import('./config.js').Config} config what `parseConfig` made of it
 * @param {Map<string, import('./safetensors.js').FloatTensor>} tensors by canonical name; not copied
 * @returns {MaskedHead | undefined} undefined if the checkpoint has none
 */
export function buildMaskedHead(json, { family, activation: hiddenActivation, epsilon }, tensors) {
  const { transform, norm, decoder, bias, activation = hiddenActivation } = family.maskedHead;
  if (!tensors.has(`${transform}.weight`)) return undefined;
  /** The first of the named tensors that is there. @param {string[]} names */
  const valuesOf = (...names) => {
    const found = names.map((name) => tensors.get(name)).find((tensor) => tensor);
    if (found) return found.values;
    throw new BertletError(
      'MISSING_TENSOR',
      `The checkpoint has part of a masked-LM head, but not the tensor ${names[0]}. Export the model again.`,
    );
  };
  return {
    transform: {
      weight: valuesOf(`${transform}.weight`),
      bias: valuesOf(`${transform}.bias`),
      activation,
    },
    norm: {
      gamma: valuesOf(`${norm}.weight`),
      beta: valuesOf(`${norm}.bias`),
      epsilon,
    },
    ...(isUntied(json) && { decoder: valuesOf(`${decoder}.weight`) }),
    bias: valuesOf(...bias),
  };
}
