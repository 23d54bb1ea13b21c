// The masked-LM head of a checkpoint: a dense layer, layer normalization, and a decoder, whose weights mostly are the word embeddings
// (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).
import { BertletError } from '../errors.js';
import { isUntied } from './masked-tensors.js';

/**
 * @typedef {object} MaskedHead
 * @property {import('../core/dense.js').Dense} transform weight [embeddingSize][hiddenSize]
 * @property {{ gamma: Float32Array, beta: Float32Array, epsilon: number }} norm [embeddingSize] each
 * @property {Float32Array} [decoder] [vocabSize][embeddingSize], if it does not share the word embeddings
 * @property {Float32Array} bias [vocabSize]
 */

/**
 * The masked-LM head from a checkpoint's tensors. Throws MISSING_TENSOR if only a part of it is there, SHAPE_MISMATCH if a shape is not
 * that of `config`.
 * @param {any} json config.json
 * @param {import('./config.js').Config} config what `parseConfig` made of it
 * @param {Map<string, import('./safetensors.js').FloatTensor>} tensors by canonical name; not copied
 * @returns {MaskedHead | undefined} undefined if the checkpoint has none
 */
export function buildMaskedHead(json, config, tensors) {
  const { family, epsilon, hiddenSize, embeddingSize, vocabSize } = config;
  const { transform, norm, decoder, bias, activation = config.activation } = family.maskedHead;
  if (!tensors.has(`${transform}.weight`)) return undefined;
  /** The first of the named tensors that is there. @param {number[]} shape @param {string[]} names */
  const valuesOf = (shape, ...names) => {
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
      weight: valuesOf([embeddingSize, hiddenSize], `${transform}.weight`),
      bias: valuesOf([embeddingSize], `${transform}.bias`),
      activation,
    },
    norm: {
      gamma: valuesOf([embeddingSize], `${norm}.weight`),
      beta: valuesOf([embeddingSize], `${norm}.bias`),
      epsilon,
    },
    ...(isUntied(json) && { decoder: valuesOf([vocabSize, embeddingSize], `${decoder}.weight`) }),
    bias: valuesOf([vocabSize], ...bias),
  };
}
