// The names that a family's tensors and modules have in `transformers`, for files that are written.
import { replacePart } from './tensor-names.js';

/** @typedef {import('./families/family.js').Family} Family */

/**
 * The name in the class without a head, such as BertModel: `canonicalName`, undone.
 * @param {string} name canonical
 * @param {Family} family
 * @returns {string}
 */
export const nameInModel = (name, { modules }) =>
  modules.reduce((before, [own, canonical]) => replacePart(before, canonical, own), name);

/**
 * The name in a class with a head, such as BertForTokenClassification.
 * @param {string} name canonical
 * @param {Family} family
 * @returns {string}
 */
export const nameInClass = (name, family) =>
  /^(embeddings|embeddings_project|encoder|pooler)\./.test(name)
    ? `${family.prefixes[0]}.${nameInModel(name, family)}`
    : name;
