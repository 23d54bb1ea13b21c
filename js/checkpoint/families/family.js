// The type of a model family: everything that distinguishes its checkpoints from BERT's. Names of modules and tensors are canonical ones
// (see ../tensor-names.js).

/**
 * A key of BERT's config.json that bertlet reads.
 * @typedef {'vocab_size' | 'hidden_size' | 'embedding_size' | 'num_hidden_layers' | 'num_attention_heads' | 'intermediate_size'
 *   | 'max_position_embeddings' | 'type_vocab_size' | 'hidden_act' | 'layer_norm_eps'} Key
 */

/** @typedef {import('../../core/dense.js').Dense['activation']} Activation */

/**
 * The modules of a masked-LM head, see ../masked-head.js.
 * @typedef {object} MaskedModules
 * @property {string} transform the dense layer
 * @property {Activation} [activation] of the dense layer; default: that of the encoder
 * @property {string} norm
 * @property {string} decoder
 * @property {string[]} bias names that the decoder's bias may have; the first one that the checkpoint has counts
 */

/**
 * @typedef {object} Family
 * @property {string} modelType `model_type` in its config.json
 * @property {string} className prefix of its classes in `transformers`, such as 'Bert' of BertModel
 * @property {keyof typeof import('../../core/abi.js').ARCHITECTURE} architecture the core's architecture that computes its encoder
 * @property {boolean} finalNorm whether a layer norm follows the last layer. In Python, a model with fewer layers then applies it after
 *   its own last one, where the whole model does not
 * @property {Partial<Record<Key, string>>} keys the keys that its config.json has in place of BERT's
 * @property {Partial<Record<Key, number>>} constants values that its config.json does not have, because all its models share them
 * @property {Record<string, string>} unsupported keys of its config.json for features that bertlet does not have, with the feature's name;
 *   they must be absent or false
 * @property {string[]} prefixes of the encoder's tensors in checkpoints with a head; the first is that of its classes in `transformers`
 * @property {[own: string, canonical: string][]} modules what its modules are called, from `prefixes` on, and canonically; both ways they are
 *   replaced in this order
 * @property {[module: string, activation: Activation][]} textHead dense layers that classify a text, from the hidden state of [CLS]
 * @property {MaskedModules} maskedHead
 */

/**
 * The key that the family's config.json has in place of BERT's.
 * @param {Family} family
 * @param {Key} key
 * @returns {string}
 */
export const keyOf = ({ keys }, key) => keys[key] ?? key;
