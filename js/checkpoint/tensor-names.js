// Canonical names of tensors: the same for all families and programs that write checkpoints. They are those of Hugging Face's
// `BertModel`, which the core uses too.

/** @typedef {import('./families/family.js').Family} Family */

/** Prefixes that PEFT and sentence-transformers add. */
const WRAPPER_PREFIXES = /^(base_model\.(model\.)?)?(0\.auto_model\.)?/;

/** The oldest checkpoints have TensorFlow's names for the parameters of layer norm. @type {[RegExp, string][]} */
const TENSORFLOW_NAMES = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
];

/**
 * Replaces a part of a name, between two of its dots or at its ends.
 * @param {string} name
 * @param {string} part
 * @param {string} replacement
 */
export const replacePart = (name, part, replacement) =>
  `.${name}.`.replace(`.${part}.`, `.${replacement}.`).slice(1, -1);

/**
 * The canonical name of a tensor or module.
 * @param {string} name in a checkpoint or an adapter
 * @param {Family} family
 * @returns {string}
 */
export function canonicalName(name, { prefixes, modules }) {
  const bare = name.replace(WRAPPER_PREFIXES, '');
  const prefix = prefixes.find((one) => bare.startsWith(`${one}.`));
  const renamed = modules.reduce(
    (before, [own, canonical]) => replacePart(before, own, canonical),
    prefix ? bare.slice(prefix.length + 1) : bare,
  );
  return TENSORFLOW_NAMES.reduce((before, [pattern, now]) => before.replace(pattern, now), renamed);
}
