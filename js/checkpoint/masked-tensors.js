// Which tensors of a checkpoint are a masked-LM head's.

/** Whether the decoder does not share the word embeddings. @param {any} json config.json */
export const isUntied = (json) => json.tie_word_embeddings === false;

/**
 * The canonical names of the tensors that a masked-LM head may have.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @returns {string[]}
 */
export function maskedHeadTensors(json, { maskedHead: { transform, norm, decoder, bias } }) {
  const layers = [transform, norm].flatMap((module) => [`${module}.weight`, `${module}.bias`]);
  return [...layers, ...bias, ...(isUntied(json) ? [`${decoder}.weight`] : [])];
}

/**
 * The decoder's weights where they are the word embeddings, which a checkpoint may store under this name only.
 * @param {any} json config.json
 * @param {import('./families/family.js').Family} family
 * @returns {string | undefined} canonical name; undefined: they are not the same
 */
export const tiedTensor = (json, { maskedHead: { decoder } }) => (isUntied(json) ? undefined : `${decoder}.weight`);
