// What a model family is: all that tells its checkpoints from those of others. Names of modules and tensors are canonical (see
// ../tensor-names.js) unless it says otherwise.

/**
 * A key of BERT's config.json that says how large a model is or what it computes.
 * @typedef {'vocab_size' | 'hidden_size' | 'embedding_size' | 'num_hidden_layers' | 'num_attention_heads' | 'intermediate_size'
 *   | 'max_position_embeddings' | 'type_vocab_size' | 'hidden_act' | 'layer_norm_eps'} Key
 */

/** @typedef {import('../../core/dense.js').Dense['activation']} Activation */

/**
 * The masked-LM head: a dense layer, layer normalization, and a decoder, mostly the word embeddings.
 * @typedef {object} MaskedModules
 * @property {string} transform the dense layer
 * @property {Activation} [activation] after it; default: that of the encoder
 * @property {string} norm
 * @property {string} decoder
 * @property {string[]} bias tensors that may be the decoder's bias; the first that is there is taken
 */

/**
 * @typedef {object} Family
 * @property {string} modelType `model_type` of its config.json
 * @property {string} className how the names of its classes in `transformers` begin
 * @property {keyof typeof import('../../core/abi.js').ARCHITECTURE} architecture of its encoder, as the core knows it
 * @property {boolean} finalNorm whether a layer norm follows the last layer, so that a model with fewer layers ends otherwise than
 *   this one does after as many
 * @property {Partial<Record<Key, string>>} keys what its config.json calls otherwise
 * @property {Partial<Record<Key, number>>} constants what its config.json does not say, because it is the same in all its models
 * @property {Record<string, string>} refused keys of its config.json that must not be true, each with what it asks for
 * @property {[pattern: RegExp, by: string][]} names from the names of its tensors to canonical ones, one replacement after the other
 * @property {[module: string, activation: Activation][]} textHead dense layers that classify a text by the hidden state of [CLS]
 * @property {MaskedModules} maskedHead
 */

/**
 * @param {Family} family
 * @param {Key} key
 * @returns {string} what the family's config.json calls it
 */
export const keyOf = ({ keys }, key) => keys[key] ?? key;
