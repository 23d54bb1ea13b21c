// How well texts find those that belong to them, by vectors.

/**
 * Ranks all candidates for each query, and looks at which place its own one is; it stands before those that are as near.
 * @template V
 * @param {V[]} queries vectors
 * @param {V[]} candidates vectors
 * @param {number[]} own [queries] index of the candidate that belongs to each
 * @param {(query: V, candidate: V) => number} similarity
 * @param {() => Promise<void>} pause awaited between queries; may reject
 * @returns {Promise<{ meanReciprocalRank: number, recallAt1: number, n: number }>} the mean of 1 / place, and the share of first places
 */
export async function retrievalMetrics(queries, candidates, own, similarity, pause) {
  let [reciprocal, first] = [0, 0];
  for (const [i, query] of queries.entries()) {
    const best = similarity(query, candidates[own[i]]);
    const rank = 1 + candidates.filter((candidate) => similarity(query, candidate) > best).length;
    reciprocal += 1 / rank;
    first += Number(rank === 1);
    await pause();
  }
  const n = queries.length;
  return { meanReciprocalRank: reciprocal / n, recallAt1: first / n, n };
}

/**
 * The different ones of texts, and where each is among them.
 * @param {string[]} texts
 * @returns {{ candidates: string[], own: number[] }} `own`: [texts]
 */
export function candidatesOf(texts) {
  const candidates = [...new Set(texts)];
  const placeOf = new Map(candidates.map((text, place) => [text, place]));
  return { candidates, own: texts.map((text) => /** @type {number} */ (placeOf.get(text))) };
}
