// Reads Hugging Face's config.json, into the numbers that the core needs.
import { BertletError } from '../errors.js';
import { keyOf } from './families/family.js';
import { families } from './families/index.js';
import { parseJson } from './json.js';

/**
 * @typedef {object} Config
 * @property {import('./families/family.js').Family} family
 * @property {number} vocabSize
 * @property {number} hiddenSize
 * @property {number} embeddingSize length of a row of the embedding tables
 * @property {number} numLayers
 * @property {number} numHeads
 * @property {number} intermediateSize
 * @property {number} maxPositions longest input in tokens, [CLS] and [SEP] included
 * @property {number} typeVocabSize number of token types; 0 if the model has none
 * @property {keyof typeof import('../core/abi.js').ACTIVATION} activation
 * @property {number} epsilon of layer normalization
 */

/** @typedef {import('./families/family.js').Key} Key */

/** As many as the core takes. Each has tensors of its own, which are looked for before the first one is read. */
const MAX_LAYERS = 1000;

/** By config.json's `hidden_act`. @type {Map<string, Config['activation']>} */
const ACTIVATIONS = new Map([
  ['gelu', 'gelu'],
  ['gelu_new', 'gelu_tanh'],
  ['gelu_pytorch_tanh', 'gelu_tanh'],
  ['relu', 'relu'],
]);

/**
 * Parses config.json. Throws BAD_CONFIG for a damaged file, UNSUPPORTED_MODEL for a model that the core can't compute.
 * @param {Uint8Array} bytes
 * @param {string} location URL or path of the file, for messages
 * @returns {Config}
 */
export function parseConfig(bytes, location) {
  const json = parseJson(bytes, location);
  const { model_type: modelType } = json;
  const family = families.get(modelType);
  if (!family) {
    const found = modelType === undefined ? 'no model_type' : `model_type ${JSON.stringify(modelType)}`;
    const known = [...families.keys()].join(', ');
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      `${location} says ${found}; bertlet runs models of the types ${known}.`,
    );
  }
  rejectUnsupported(json, family, location);
  const { constants } = family;
  const nameOf = (/** @type {Key} */ key) => keyOf(family, key);
  const hiddenAct = json[nameOf('hidden_act')] ?? 'gelu';
  const activation = ACTIVATIONS.get(hiddenAct);
  if (!activation) {
    const known = [...ACTIVATIONS.keys()].join(', ');
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      `${location} asks for ${nameOf('hidden_act')} ${JSON.stringify(hiddenAct)}; bertlet has ${known}.`,
    );
  }

  /**
   * A number of the file, checked.
   * @param {Key} key
   * @param {number} [min]
   * @param {number} [max]
   */
  const count = (key, min = 1, max = 2 ** 24) => {
    const value = json[nameOf(key)];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new BertletError(
        'BAD_CONFIG',
        `${location}: ${nameOf(key)} is ${JSON.stringify(value)}; it must be an integer from ${min} to ${max}.`,
      );
    }
    return value;
  };
  const config = {
    family,
    vocabSize: count('vocab_size'),
    hiddenSize: count('hidden_size'),
    embeddingSize: count('embedding_size'),
    numLayers: count('num_hidden_layers', 1, MAX_LAYERS),
    numHeads: count('num_attention_heads'),
    intermediateSize: count('intermediate_size'),
    maxPositions: count('max_position_embeddings', 2), // [CLS] and [SEP]
    typeVocabSize: constants.type_vocab_size ?? count('type_vocab_size'),
    activation,
    epsilon: constants.layer_norm_eps ?? json.layer_norm_eps ?? 1e-12,
  };
  const { hiddenSize, embeddingSize, numHeads, intermediateSize } = config;
  if (hiddenSize % 8 || hiddenSize % numHeads || intermediateSize % 8 || embeddingSize % 8) {
    const size = (/** @type {Key} */ key) => `${nameOf(key)} (${json[nameOf(key)]})`;
    const andEmbedding = nameOf('embedding_size') === nameOf('hidden_size') ? '' : ` and ${size('embedding_size')}`;
    throw new BertletError(
      'BAD_CONFIG',
      `${location}: ${size('hidden_size')} must be a multiple of 8 and of ${size('num_attention_heads')}, ` +
        `${size('intermediate_size')}${andEmbedding} a multiple of 8.`,
    );
  }
  if (!(typeof config.epsilon === 'number' && Math.fround(config.epsilon) > 0 && config.epsilon < 1)) {
    throw new BertletError(
      'BAD_CONFIG',
      `${location}: layer_norm_eps is ${JSON.stringify(config.epsilon)}; it must be between 0 and 1.`,
    );
  }
  return config;
}

/**
 * Throws UNSUPPORTED_MODEL for a model with features that the core does not compute.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @param {string} location URL or path of the file, for messages
 */
function rejectUnsupported(json, { unsupported }, location) {
  const positions = json.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      `${location} asks for position embeddings ${JSON.stringify(positions)}; bertlet has "absolute" ones.`,
    );
  }
  if (json.is_decoder) {
    throw new BertletError('UNSUPPORTED_MODEL', `${location} describes a decoder (is_decoder); bertlet runs encoders.`);
  }
  for (const [key, feature] of Object.entries(unsupported)) {
    if (json[key])
      throw new BertletError('UNSUPPORTED_MODEL', `${location} asks for ${feature} (${key}); bertlet has none.`);
  }
}
