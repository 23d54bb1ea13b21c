// Results that come from the worker in parts.

/**
 * @param {import('../worker/main.js').Part} part
 * @param {(index: number, rows: Float32Array, columns: number, tokens?: import('../tokenize/located.js').Located) => void} use
 *   gets, of each text, a view of its rows
 */
export function eachText({ indices, starts, rows, tokens }, use) {
  const columns = rows.length / starts[indices.length];
  indices.forEach((index, i) =>
    use(index, rows.subarray(starts[i] * columns, starts[i + 1] * columns), columns, tokens?.[i]),
  );
}
