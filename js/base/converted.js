// A file that both sides of `#platform` know by its name.

/** The weights that `convert` has made of a model's, for web pages. It may lie in the folder alone, or beside the others. */
export const CONVERTED = 'bertlet-int8.safetensors';
