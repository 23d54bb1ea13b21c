// The numbers of src/bertlet.h for what trains, see abi.js.

export const FIT_STATE = { RUNNING: 0, CONVERGED: 1, STALLED: 2, UNFINISHED: 3 };

/** What is done with a tensor when the encoder is trained. */
export const TUNING = { FROZEN: 0, TRAINED: 1, ADAPTED: 2 };

/** The fields of bertlet_training in order, with their types in C; each has 4 bytes. */
export const TRAINING = /** @type {const} */ ({
  begin: 'int32_t',
  end: 'int32_t',
  max_tokens: 'int32_t',
  kept_layers: 'int32_t',
  pooling: 'int32_t',
  normalize: 'int32_t',
  rank: 'int32_t',
  adapter_scale: 'float',
  hidden_dropout: 'float',
  attention_dropout: 'float',
  adapter_dropout: 'float',
  feature_dropout: 'float',
  masked_lm: 'int32_t',
  masked_act: 'int32_t',
});

/** sizeof(bertlet_training) */
export const TRAINING_BYTES = 4 * Object.keys(TRAINING).length;
