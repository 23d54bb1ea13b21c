// config.json, as Hugging Face writes it, to the numbers that the core wants.
import { BertletError } from '../errors.js';

/**
 * @typedef {object} Config
 * @property {string} modelType
 * @property {number} vocabSize
 * @property {number} hiddenSize
 * @property {number} embeddingSize of the tables' rows
 * @property {number} numLayers
 * @property {number} numHeads
 * @property {number} intermediateSize
 * @property {number} maxPositions
 * @property {number} typeVocabSize 0: the model has no token types
 * @property {number} activation bertlet_activation
 * @property {number} epsilon
 */

/** hidden_act to bertlet_activation. @type {Record<string, number>} */
export const ACTIVATIONS = { gelu: 0, gelu_new: 1, gelu_pytorch_tanh: 1, relu: 2 };

/** What DistilBERT calls otherwise. */
const DISTILBERT_KEYS = {
  hidden_size: 'dim',
  num_hidden_layers: 'n_layers',
  num_attention_heads: 'n_heads',
  intermediate_size: 'hidden_dim',
  hidden_act: 'activation',
};

/** Models that are computed as BERT is, if not all of them under the same names. @type {Record<string, Record<string, string>>} */
const MODEL_TYPES = { bert: {}, distilbert: DISTILBERT_KEYS, electra: {}, ernie: {} };

/**
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {any} an object
 */
export function parseJson(bytes, where) {
  let json;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new BertletError('BAD_CONFIG', `${where} is not valid JSON. Download or export it again.`, { cause: error });
  }
  if (typeof json !== 'object' || json === null)
    throw new BertletError('BAD_CONFIG', `${where} does not hold a JSON object.`);
  return json;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} where
 * @returns {Config}
 */
export function parseConfig(bytes, where) {
  const json = parseJson(bytes, where);
  const modelType = json.model_type;
  if (!Object.hasOwn(MODEL_TYPES, modelType ?? '')) {
    const found = modelType === undefined ? 'no model_type' : `model_type "${modelType}"`;
    const known = Object.keys(MODEL_TYPES).join(', ');
    throw new BertletError('UNSUPPORTED_MODEL', `${where} says ${found}; bertlet runs models of the types ${known}.`);
  }
  const keys = MODEL_TYPES[modelType];
  const nameOf = (/** @type {string} */ key) => keys[key] ?? key;
  if ((json.position_embedding_type ?? 'absolute') !== 'absolute') {
    const found = json.position_embedding_type;
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      `${where} asks for position embeddings "${found}"; bertlet has "absolute" ones.`,
    );
  }
  if (json.is_decoder) {
    throw new BertletError('UNSUPPORTED_MODEL', `${where} describes a decoder (is_decoder); bertlet runs encoders.`);
  }
  if (json.use_task_id) {
    throw new BertletError('UNSUPPORTED_MODEL', `${where} asks for task ids (use_task_id); bertlet has none.`);
  }
  const act = json[nameOf('hidden_act')] ?? 'gelu';
  if (!Object.hasOwn(ACTIVATIONS, act)) {
    const known = Object.keys(ACTIVATIONS).join(', ');
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      `${where} asks for ${nameOf('hidden_act')} "${act}"; bertlet has ${known}.`,
    );
  }

  /**
   * @param {string} key
   * @param {number} [least]
   */
  const count = (key, least = 1) => {
    const value = json[nameOf(key)];
    if (!Number.isInteger(value) || value < least || value > 2 ** 24) {
      throw new BertletError(
        'BAD_CONFIG',
        `${where}: ${nameOf(key)} is ${JSON.stringify(value)}; it must be an integer from ${least} to 2^24.`,
      );
    }
    return value;
  };
  const config = {
    modelType,
    vocabSize: count('vocab_size'),
    hiddenSize: count('hidden_size'),
    embeddingSize: modelType === 'electra' ? count('embedding_size') : count('hidden_size'),
    numLayers: count('num_hidden_layers'),
    numHeads: count('num_attention_heads'),
    intermediateSize: count('intermediate_size'),
    maxPositions: count('max_position_embeddings', 2), // [CLS] and [SEP]
    typeVocabSize: modelType === 'distilbert' ? 0 : count('type_vocab_size'),
    activation: ACTIVATIONS[act],
    epsilon: (modelType === 'distilbert' ? undefined : json.layer_norm_eps) ?? 1e-12,
  };
  const { hiddenSize, embeddingSize, numHeads, intermediateSize } = config;
  if (hiddenSize % 8 || hiddenSize % numHeads || intermediateSize % 8 || embeddingSize % 8) {
    const size = (/** @type {string} */ key, /** @type {number} */ value) => `${nameOf(key)} (${value})`;
    const embedding = modelType === 'electra' ? ` and ${size('embedding_size', embeddingSize)}` : '';
    throw new BertletError(
      'BAD_CONFIG',
      `${where}: ${size('hidden_size', hiddenSize)} must be a multiple of 8 and of ${size('num_attention_heads', numHeads)}, ` +
        `${size('intermediate_size', intermediateSize)}${embedding} a multiple of 8.`,
    );
  }
  if (!(typeof config.epsilon === 'number' && config.epsilon > 0 && config.epsilon < 1)) {
    throw new BertletError('BAD_CONFIG', `${where}: layer_norm_eps is ${config.epsilon}; it must be between 0 and 1.`);
  }
  return config;
}

/** bertlet_weights */
const WEIGHTS = { f32: 0, int8: 1 };

/** sizeof(bertlet_config) */
export const CONFIG_BYTES = 52;

/**
 * Writes a `bertlet_config`.
 * @param {DataView} view
 * @param {Config} config
 * @param {number} maxBatchTokens
 * @param {import('../types.js').Dtype} dtype
 */
export function writeConfig(view, config, maxBatchTokens, dtype) {
  const { vocabSize, hiddenSize, numLayers, numHeads, intermediateSize, maxPositions, typeVocabSize, activation } =
    config;
  const before = [
    vocabSize,
    hiddenSize,
    numLayers,
    numHeads,
    intermediateSize,
    maxPositions,
    typeVocabSize,
    activation,
  ];
  before.forEach((value, i) => view.setInt32(4 * i, value, true));
  view.setFloat32(32, config.epsilon, true);
  view.setInt32(36, maxBatchTokens, true);
  view.setInt32(40, WEIGHTS[dtype], true);
  view.setInt32(44, config.embeddingSize, true);
  view.setInt32(48, 0, true); // BERTLET_ARCHITECTURE_BERT
}
