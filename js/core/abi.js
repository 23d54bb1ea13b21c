// The numbers of src/bertlet.h: its constants, enums and structs, under its names without their common prefix. Keys that are also words
// of config.json or of the API are in lower case. Those of training are in abi-training.js, which only who trains fetches. tests/core/abi.test.js
// compares them with the header.

/** Objects of the core begin at a multiple of this many bytes. */
export const ALIGNMENT = 64;

/** Maximum number of bytes that bertlet_tensor_name() writes. */
export const TENSOR_NAME_BYTES = 96;

export const STATUS = {
  OK: 0,
  ERROR_ARGUMENT: -1,
  ERROR_VOCABULARY: -2,
  ERROR_CAPACITY: -3,
  ERROR_INCOMPLETE: -4,
  ERROR_NUMERIC: -5,
  ERROR_IMAGE: -6,
};

export const TOKENIZER_FLAGS = { LOWERCASE: 1, STRIP_ACCENTS: 2, CLEAN_TEXT: 4, SPLIT_CHINESE_CHARS: 8 };

export const SPECIAL = { PAD: 0, UNK: 1, CLS: 2, SEP: 3, MASK: 4 };

export const ARCHITECTURE = { BERT: 0, MEGATRON_BERT: 1 };

export const DTYPE = { F32: 0, F16: 1, BF16: 2 };

export const WEIGHTS = { f32: 0, int8: 1 };

export const ACTIVATION = { gelu: 0, gelu_tanh: 1, relu: 2, tanh: 3 };

/** The fields of bertlet_config in order, with their types in C; each has 4 bytes. */
export const CONFIG = /** @type {const} */ ({
  vocab_size: 'int32_t',
  hidden_size: 'int32_t',
  num_hidden_layers: 'int32_t',
  num_attention_heads: 'int32_t',
  intermediate_size: 'int32_t',
  max_position_embeddings: 'int32_t',
  type_vocab_size: 'int32_t',
  hidden_act: 'int32_t',
  layer_norm_eps: 'float',
  max_batch_tokens: 'int32_t',
  weights: 'int32_t',
  embedding_size: 'int32_t',
  architecture: 'int32_t',
});

/** sizeof(bertlet_config) */
export const CONFIG_BYTES = 4 * Object.keys(CONFIG).length;

export const POOLING = { mean: 0, cls: 1, max: 2 };
