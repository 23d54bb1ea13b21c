// The masked-LM head of a checkpoint: a dense layer, layer normalization, and a decoder, mostly the word embeddings.
import { ACTIVATIONS } from './config.js';
import { BertletError } from '../errors.js';

/**
 * @typedef {object} MaskedHead
 * @property {import('../core/dense.js').Dense} transform [embeddingSize][hiddenSize]
 * @property {{ gamma: Float32Array, beta: Float32Array, epsilon: number }} norm [embeddingSize]
 * @property {Float32Array} [decoder] [vocabSize][embeddingSize], if it is not the word embeddings
 * @property {Float32Array} bias [vocabSize]
 */

/** @typedef {{ transform: string, norm: string, decoder: string, bias: string[] }} Names of modules, and where the bias may be */

/** @type {Names} */
const BERT = {
  transform: 'cls.predictions.transform.dense',
  norm: 'cls.predictions.transform.LayerNorm',
  decoder: 'cls.predictions.decoder',
  bias: ['cls.predictions.decoder.bias', 'cls.predictions.bias'], // the same, unless the decoder has weights of its own
};

/** @type {Record<string, Names>} */
const NAMES = {
  bert: BERT,
  ernie: BERT,
  distilbert: {
    transform: 'vocab_transform',
    norm: 'vocab_layer_norm',
    decoder: 'vocab_projector',
    bias: ['vocab_projector.bias'],
  },
  electra: {
    transform: 'generator_predictions.dense',
    norm: 'generator_predictions.LayerNorm',
    decoder: 'generator_lm_head',
    bias: ['generator_lm_head.bias'],
  },
};

/** @param {any} json config.json */
const hasOwnDecoder = (json) => json.tie_word_embeddings === false;

/**
 * The canonical names of the tensors that a masked-LM head has.
 * @param {any} json config.json
 * @returns {string[]}
 */
export function maskedTensors(json) {
  const { transform, norm, decoder, bias } = NAMES[json.model_type];
  const both = [transform, norm].flatMap((module) => [`${module}.weight`, `${module}.bias`]);
  return [...both, ...bias, ...(hasOwnDecoder(json) ? [`${decoder}.weight`] : [])];
}

/**
 * @param {any} json config.json
 * @param {Map<string, import('./safetensors.js').FloatTensor>} tensors
 * @returns {MaskedHead | undefined} undefined: the checkpoint has none
 */
export function buildMaskedHead(json, tensors) {
  const { transform, norm, decoder, bias } = NAMES[json.model_type];
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
  const act = json.model_type === 'electra' ? 'gelu' : (json.hidden_act ?? json.activation ?? 'gelu');
  return {
    transform: {
      weight: take(`${transform}.weight`),
      bias: take(`${transform}.bias`),
      activation: ACTIVATION_NAMES[ACTIVATIONS[act]],
    },
    norm: {
      gamma: take(`${norm}.weight`),
      beta: take(`${norm}.bias`),
      epsilon: (json.model_type === 'distilbert' ? undefined : json.layer_norm_eps) ?? 1e-12,
    },
    ...(hasOwnDecoder(json) && { decoder: take(`${decoder}.weight`) }),
    bias: take(...bias),
  };
}

/** bertlet_activation to the name that a dense layer has for it. */
const ACTIVATION_NAMES = /** @type {const} */ (['gelu', 'gelu_tanh', 'relu']);
