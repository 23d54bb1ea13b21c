// The files of a BERT that has not been trained, with a masked-LM head (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).
import { normal } from '../base/normal.js';
import { random } from '../base/random.js';
import { encodeJson } from './json-writer.js';
import { writeSafetensors } from './safetensors-writer.js';

/** The standard deviation of initial weights. */
const INITIALIZER_RANGE = 0.02;

/**
 * What the model is, see NewModelOptions; checked.
 * @typedef {object} Architecture
 * @property {string[]} vocabulary with the five special tokens
 * @property {boolean} lowercase
 * @property {boolean} stripAccents
 * @property {boolean} splitChinese
 * @property {number} layers
 * @property {number} hiddenSize
 * @property {number} heads
 * @property {number} intermediateSize
 * @property {number} maxTokens
 * @property {number} dropout
 */

/**
 * Draws weights as transformers' BertForMaskedLM does: from a normal distribution; the embedding of [PAD] and all biases are 0,
 * normalizations change nothing.
 * @param {Architecture} architecture
 * @param {number} seed
 * @returns {Record<string, Uint8Array<ArrayBuffer>>} by name
 */
export function newModelFiles(architecture, seed) {
  const { vocabulary, maxTokens, dropout } = architecture;
  const tokenizer = {
    do_lower_case: architecture.lowercase,
    strip_accents: architecture.stripAccents,
    tokenize_chinese_chars: architecture.splitChinese,
    model_max_length: maxTokens,
  };
  const config = {
    architectures: ['BertForMaskedLM'],
    attention_probs_dropout_prob: dropout,
    dtype: 'float32',
    hidden_act: 'gelu',
    hidden_dropout_prob: dropout,
    hidden_size: architecture.hiddenSize,
    initializer_range: INITIALIZER_RANGE,
    intermediate_size: architecture.intermediateSize,
    layer_norm_eps: 1e-12,
    max_position_embeddings: maxTokens,
    model_type: 'bert',
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    pad_token_id: vocabulary.indexOf('[PAD]'),
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    type_vocab_size: 2,
    vocab_size: vocabulary.length,
  };
  return {
    'config.json': encodeJson(config),
    'vocab.txt': new TextEncoder().encode(vocabulary.map((piece) => `${piece}\n`).join('')),
    'tokenizer_config.json': encodeJson(tokenizer),
    'model.safetensors': writeSafetensors(drawTensors(architecture, seed), { format: 'pt' }),
  };
}

/** @param {Architecture} architecture @param {number} seed */
function drawTensors({ vocabulary, layers, hiddenSize, intermediateSize, maxTokens }, seed) {
  const next = random(seed);
  const drawn = (/** @type {number} */ count) =>
    Float32Array.from({ length: count }, () => INITIALIZER_RANGE * normal(next));
  const vector = (/** @type {string} */ name, /** @type {number} */ size, value = 0) => ({
    name,
    shape: [size],
    values: new Float32Array(size).fill(value),
  });
  const table = (/** @type {string} */ name, /** @type {number} */ rows) => ({
    name: `bert.embeddings.${name}.weight`,
    shape: [rows, hiddenSize],
    values: drawn(rows * hiddenSize),
  });
  const linear = (/** @type {string} */ name, /** @type {number} */ outputs, /** @type {number} */ inputs) => [
    { name: `${name}.weight`, shape: [outputs, inputs], values: drawn(outputs * inputs) },
    vector(`${name}.bias`, outputs),
  ];
  const norm = (/** @type {string} */ name) => [
    vector(`${name}.weight`, hiddenSize, 1),
    vector(`${name}.bias`, hiddenSize),
  ];
  const words = table('word_embeddings', vocabulary.length);
  const pad = vocabulary.indexOf('[PAD]');
  words.values.fill(0, pad * hiddenSize, (pad + 1) * hiddenSize);
  const layer = (/** @type {string} */ name) => [
    ...['query', 'key', 'value'].flatMap((part) => linear(`${name}.attention.self.${part}`, hiddenSize, hiddenSize)),
    ...linear(`${name}.attention.output.dense`, hiddenSize, hiddenSize),
    ...norm(`${name}.attention.output.LayerNorm`),
    ...linear(`${name}.intermediate.dense`, intermediateSize, hiddenSize),
    ...linear(`${name}.output.dense`, hiddenSize, intermediateSize),
    ...norm(`${name}.output.LayerNorm`),
  ];
  return [
    words,
    table('position_embeddings', maxTokens),
    table('token_type_embeddings', 2),
    ...norm('bert.embeddings.LayerNorm'),
    ...Array.from({ length: layers }, (_, i) => layer(`bert.encoder.layer.${i}`)).flat(),
    ...linear('cls.predictions.transform.dense', hiddenSize, hiddenSize),
    ...norm('cls.predictions.transform.LayerNorm'),
    vector('cls.predictions.bias', vocabulary.length),
  ];
}
