// Fair timing on a machine that is not quiet: contenders take turns, so that whatever slows one slows the others.

/**
 * @typedef {object} Timing
 * @property {number} median milliseconds of a call
 * @property {number} low first quartile
 * @property {number} high third quartile
 * @property {number} samples
 */

const WARM_UPS = 3;
const SHORT_MS = 100; // a call longer than this fills its caches itself
const TURN_MS = 30;
const MIN_ROUNDS = 5;

/** @param {number[]} sorted @param {number} part 0 to 1 */
const quantile = (sorted, part) => {
  const place = (sorted.length - 1) * part;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
};

/** @param {number[]} samples @returns {Timing} */
export function summarize(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}

/** @param {() => unknown} call @returns {Promise<number>} milliseconds */
export async function time(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/**
 * Calls each function many times, in turns A B C B C A C A B ..., until `budgetMs` per function are spent.
 * A turn of a short call begins with one that does not count: it brings the contender's weights back into the caches,
 * where they would be if it ran alone.
 * @param {(() => unknown)[]} calls
 * @param {number} budgetMs
 * @returns {Promise<Timing[]>}
 */
export async function race(calls, budgetMs) {
  for (const call of calls) for (let i = 0; i < WARM_UPS; ++i) await call();

  const samples = calls.map(() => /** @type {number[]} */ ([]));
  const end = performance.now() + budgetMs * calls.length;
  for (let round = 0; round < MIN_ROUNDS || performance.now() < end; ++round) {
    for (let turn = 0; turn < calls.length; ++turn) {
      const index = (round + turn) % calls.length;
      const first = await time(calls[index]);
      if (first >= SHORT_MS) {
        samples[index].push(first);
        continue;
      }
      for (let spent = 0; spent < TURN_MS; spent += samples[index].at(-1))
        samples[index].push(await time(calls[index]));
    }
  }
  return samples.map(summarize);
}

/**
 * How far the vectors of two outputs point apart: mean and lowest cosine over the rows of a and b [rows][size].
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} size
 */
export function cosines(a, b, size) {
  if (a.length !== b.length) throw new Error(`outputs of different sizes: ${a.length} and ${b.length} numbers`);
  const rows = a.length / size;
  let sum = 0;
  let lowest = 1;
  for (let row = 0; row < rows; ++row) {
    let dot = 0;
    let normA = 0;
    let normB = 0;
    for (let i = row * size; i < (row + 1) * size; ++i) {
      dot += a[i] * b[i];
      normA += a[i] * a[i];
      normB += b[i] * b[i];
    }
    const cosine = dot / Math.sqrt(normA * normB);
    sum += cosine;
    lowest = Math.min(lowest, cosine);
  }
  return { mean: sum / rows, lowest };
}
