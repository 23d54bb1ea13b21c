// One name for each tensor, whatever wrote the checkpoint: the canonical one, which the core has too. It is that of a `BertModel`.

/** What wraps the model: PEFT, sentence-transformers. */
const WRAPPERS = /^(base_model\.(model\.)?)?(0\.auto_model\.)?/;

/** The oldest checkpoints call layer norm's parameters as TensorFlow does. @type {[RegExp, string][]} */
const OLDEST = [
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
];

/**
 * @param {string} name of a tensor or a module, as a checkpoint or an adapter has it
 * @param {import('./families/family.js').Family} family
 */
export const canonicalName = (name, family) =>
  [...family.names, ...OLDEST].reduce(
    (changed, [pattern, by]) => changed.replace(pattern, by),
    name.replace(WRAPPERS, ''),
  );
