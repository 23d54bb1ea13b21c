// Fair timing on a machine that is not quiet: contenders take turns, so that whatever slows one slows the others.

const WARM_UPS = 3;
const SHORT_MS = 100; // a call longer than this fills its caches itself
const TURN_MS = 30;
const MIN_ROUNDS = 5;

/** @param {number[]} values @param {number} [part] 0 to 1, default the median */
export function quantile(values, part = 0.5) {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below + (above - below) * (place % 1);
}

/** @param {() => unknown} call @returns {Promise<number>} milliseconds */
export async function time(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/**
 * Calls everyone `rounds` times in turns: A B C, B C A, C A B, ...
 * @param {number} contenders
 * @param {(index: number, round: number) => Promise<number>} turn measures one, in milliseconds
 * @param {(round: number) => boolean} more whether there is another round
 * @returns {Promise<number[][]>} [contenders][rounds]
 */
export async function takeTurns(contenders, turn, more) {
  const measured = Array.from({ length: contenders }, () => /** @type {number[]} */ ([]));
  for (let round = 0; more(round); ++round) {
    for (let step = 0; step < contenders; ++step) {
      const index = (round + step) % contenders;
      measured[index].push(await turn(index, round));
    }
  }
  return measured;
}

/**
 * Calls each function many times, in turns, until `budgetMs` per function are spent. A turn of a short call begins with one
 * that does not count: it brings the contender's weights back into the caches, where they would be if it ran alone.
 * @param {(() => unknown)[]} calls
 * @param {number} budgetMs
 * @returns {Promise<number[][]>} [calls][rounds] milliseconds, each the median of a turn
 */
export async function race(calls, budgetMs) {
  for (const call of calls) for (let i = 0; i < WARM_UPS; ++i) await call();
  const end = performance.now() + budgetMs * calls.length;
  const turn = async (/** @type {number} */ index) => {
    const first = await time(calls[index]);
    if (first >= SHORT_MS) return first;
    const samples = [];
    for (let spent = 0; spent < TURN_MS; spent += samples[samples.length - 1]) samples.push(await time(calls[index]));
    return quantile(samples);
  };
  return takeTurns(calls.length, turn, (round) => round < MIN_ROUNDS || performance.now() < end);
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
