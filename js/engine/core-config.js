// Writes a model's configuration into the core's memory, as the struct bertlet_config.
import { ACTIVATION, ARCHITECTURE, CONFIG, WEIGHTS } from '../core/abi.js';
import { writeStruct } from '../core/struct.js';

/**
 * @param {import('../core/instance.js').Core} core
 * @param {number} address of CONFIG_BYTES bytes
 * @param {import('../checkpoint/config.js').Config} config
 * @param {number} maxBatchTokens maximum number of tokens in one call of the encoder
 * @param {import('../types.js').Dtype} dtype
 */
export function writeConfig(core, address, config, maxBatchTokens, dtype) {
  /** @type {Record<keyof typeof CONFIG, number>} */
  const values = {
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    type_vocab_size: config.typeVocabSize,
    hidden_act: ACTIVATION[config.activation],
    layer_norm_eps: config.epsilon,
    max_batch_tokens: maxBatchTokens,
    weights: WEIGHTS[dtype],
    embedding_size: config.embeddingSize,
    architecture: ARCHITECTURE[config.family.architecture],
  };
  writeStruct(core, address, CONFIG, values);
}
