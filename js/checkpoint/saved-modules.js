// Modules that are trained as a whole beside adapters, PEFT's `modules_to_save`.
import { nameInModel } from './own-names.js';

/**
 * Whether a tensor belongs to a module of a name: one that is called so in transformers, or ends so after a dot, or one within it.
 * @param {string} tensor canonical name
 * @param {import('./families/family.js').Family} family
 * @param {string} name such as 'LayerNorm', 'embeddings' or 'layer.5.output'
 */
export const isInModule = (tensor, family, name) =>
  `.${nameInModel(tensor.replace(/\.(weight|bias)$/, ''), family)}.`.includes(`.${name}.`);
