// Cosine similarity, and exhaustive nearest-neighbour search by it.
import { BertletError } from '../errors.js';
import { checkInteger, rejectUnknownOptions } from './options.js';

/**
 * The cosine of the angle between two vectors. Throws BAD_INPUT if they are empty, of different lengths, or not of finite
 * numbers.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b of the same length
 * @returns {number} -1 to 1; 0 if one of them is all zeros
 */
export function cosineSimilarity(a, b) {
  return orBadInput(() => {
    if (!(a?.length > 0 && a.length === b?.length))
      throw new BertletError('BAD_INPUT', `Vectors of ${a?.length} and ${b?.length} numbers can't be compared.`);
    let [product, squaresA, squaresB] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squaresA += a[i] * a[i];
      squaresB += b[i] * b[i];
    }
    const cosine = product / (Math.sqrt(squaresA * squaresB) || 1);
    if (!Number.isFinite(cosine))
      throw new BertletError('BAD_INPUT', 'A vector holds something else than finite numbers.');
    return cosine;
  });
}

/**
 * Finds the vectors that are most similar to a query. Throws BAD_INPUT for a wrong `topK` or vectors of different lengths.
 * @param {ArrayLike<number>} query
 * @param {readonly ArrayLike<number>[]} vectors each of the query's length
 * @param {{ topK?: number }} [options] `topK`: maximum number of results; default 5
 * @returns {{ index: number, score: number }[]} the most similar first, equal ones in their order; `score`: cosine similarity
 */
export function search(query, vectors, options = {}) {
  return orBadInput(() => {
    const { topK = 5, ...rest } = options;
    rejectUnknownOptions(rest);
    checkInteger('topK', topK);
    return Array.from(vectors, (vector, index) => ({ index, score: cosineSimilarity(query, vector) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK);
  });
}

/**
 * What a function gives. What it throws of itself, since it can't read an argument, becomes BAD_INPUT.
 * @template T
 * @param {() => T} compute
 * @returns {T}
 */
function orBadInput(compute) {
  try {
    return compute();
  } catch (cause) {
    if (cause instanceof BertletError) throw cause;
    const why = cause instanceof Error ? cause.message : 'reading it throws';
    throw new BertletError('BAD_INPUT', `An argument can't be used: ${why}.`, { cause });
  }
}
