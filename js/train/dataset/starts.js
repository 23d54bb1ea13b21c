// Where ragged things that stand one behind the other begin.

/**
 * @param {Iterable<number>} lengths of each
 * @returns {number[]} [lengths + 1] the first place of each, then the number of places
 */
export function startsOf(lengths) {
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  return starts;
}
