// Small arithmetic on logits and indices, for what is decided outside the core.

/** @param {ArrayLike<number>} values at least one */
export function indexOfMax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * log(sum(exp(values))) without overflow.
 * @param {ArrayLike<number>} values
 */
export function logSumExp(values) {
  const most = values[indexOfMax(values)];
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - most);
  return most + Math.log(sum);
}

/**
 * @param {ArrayLike<number>} logits
 * @returns {Float64Array} probabilities; their sum is 1
 */
export function softmax(logits) {
  const most = logits[indexOfMax(logits)];
  const values = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += values[i] = Math.exp(logits[i] - most);
  for (let i = 0; i < logits.length; i++) values[i] /= sum;
  return values;
}

/**
 * Row `index` of a matrix of `columns` columns.
 * @param {ArrayLike<number>} matrix
 * @param {number} index
 * @param {number} columns
 * @returns {Float64Array} a copy
 */
export function rowOf(matrix, index, columns) {
  return Float64Array.from({ length: columns }, (_, column) => matrix[index * columns + column]);
}

/**
 * @param {number} begin
 * @param {number} end
 * @returns {number[]} begin .. end - 1
 */
export const range = (begin, end) => Array.from({ length: Math.max(end - begin, 0) }, (_, i) => begin + i);
