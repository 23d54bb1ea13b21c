// What is known of a converted model's file before anything else is: its name, which both sides of `#platform` use, and how to tell it.

/** The weights that `convert` has made of a model's, for web pages. It may lie in the folder alone, or beside the others. */
export const CONVERTED = 'bertlet-int8.safetensors';

/** The key of its metadata that says how its tensors are packed, see js/checkpoint/packed.js. */
export const METADATA_KEY = 'bertlet_weights';
