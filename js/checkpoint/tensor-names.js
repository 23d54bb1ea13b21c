// Canonical names of tensors: the same for all families and programs that write checkpoints. They are those of Hugging Face's
// `BertModel`, which the core uses too.

/** Prefixes that PEFT and sentence-transformers add. */
const WRAPPER_PREFIXES = /^(base_model\.(model\.)?)?(0\.auto_model\.)?/;

/** The oldest checkpoints have TensorFlow's names for the parameters of layer norm. @type {[RegExp, string][]} */
const TENSORFLOW_NAMES = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
];

/**
 * The canonical name of a tensor or module.
 * @param {string} name in a checkpoint or an adapter
 * @param {import('./families/family.js').Family} family
 * @returns {string}
 */
export const canonicalName = (name, family) =>
  [...family.renames, ...TENSORFLOW_NAMES].reduce(
    (renamed, [pattern, replacement]) => renamed.replace(pattern, replacement),
    name.replace(WRAPPER_PREFIXES, ''),
  );
