// Splits the parts in which results come from the worker.

/**
 * Calls a function for each text of a part.
 * @param {import('../worker/methods.js').Part} part
 * @param {(index: number, rows: Float32Array, columns: number) => void} use gets the index of the text among the caller's, and its rows
 *   [rows][columns], a view of the part
 */
export function eachText({ indices, starts, rows }, use) {
  const columns = rows.length / starts[indices.length];
  indices.forEach((index, i) => use(index, rows.subarray(starts[i] * columns, starts[i + 1] * columns), columns));
}
