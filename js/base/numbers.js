// Arithmetic on logits and indices, for what JavaScript decides by itself.

/**
 * @param {ArrayLike<number>} values at least one
 * @returns {number} index of the largest value; of equal ones, the first
 */
export function indexOfMax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * log(sum(exp(values))), without overflow.
 * @param {ArrayLike<number>} values at least one
 */
export function logSumExp(values) {
  const max = values[indexOfMax(values)];
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - max);
  return max + Math.log(sum);
}

/**
 * Row `index` of a matrix that is stored row by row.
 * @param {ArrayLike<number>} matrix [rows][columns]
 * @param {number} index
 * @param {number} columns
 * @returns {Float64Array} [columns] a copy
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
