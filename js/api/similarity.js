// Which vectors are alike: cosine similarity and exhaustive nearest-neighbour search.
import { BertletError } from '../errors.js';
import { rejectUnknownOptions } from './options.js';

/**
 * The cosine of the angle between two vectors, -1 to 1; 0 when one of them is all zeros.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b of the same length
 * @returns {number}
 */
export function cosineSimilarity(a, b) {
  if (!(a?.length > 0 && a.length === b?.length)) {
    throw new BertletError('BAD_INPUT', `Vectors of ${a?.length} and ${b?.length} numbers can't be compared.`);
  }
  let [product, lengthA, lengthB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    lengthA += a[i] * a[i];
    lengthB += b[i] * b[i];
  }
  return product / (Math.sqrt(lengthA * lengthB) || 1);
}

/**
 * The vectors most similar to a query, the most similar first; of equals, the first.
 * @param {ArrayLike<number>} query
 * @param {readonly ArrayLike<number>[]} vectors
 * @param {{ topK?: number }} [options] how many; default 5
 * @returns {{ index: number, score: number }[]} `score`: cosine similarity
 */
export function search(query, vectors, { topK = 5, ...others } = {}) {
  rejectUnknownOptions(others);
  if (!(Number.isInteger(topK) && topK >= 1))
    throw new BertletError('BAD_INPUT', `topK is ${topK}; it must be a positive integer.`);
  return vectors
    .map((vector, index) => ({ index, score: cosineSimilarity(query, vector) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}
