// Steps of training beside forward passes of the same tokens, and beside PyTorch's. In a page it runs in a worker, which may wait for
// its threads.
import { spread, tokenIds } from '../inputs.js';
import { quantile, takeTurns, time } from '../measure.js';
import { bertletTraining } from './bertlet.js';

/**
 * @typedef {object} Batch
 * @property {number[][]} texts token ids, unpadded
 * @property {number[] | number[][]} labels a label 0 or 1 for each text; 'MLM': what belongs in the place of each of its tokens, NOT_MASKED
 *   where nothing is to be found; 'contrastive': for each two texts, the cosine that they should have
 */

/**
 * 'LoRA int8': beside weights in 8 bits, which PyTorch does not have. 'MLM': a step of pre-training a small model. 'contrastive': LoRA on
 * the cosines of pairs.
 * @typedef {'forward' | 'LoRA' | 'LoRA int8' | 'full' | 'MLM' | 'contrastive'} Method
 */

/**
 * @typedef {object} Recipe
 * @property {number} rank
 * @property {number} alpha
 * @property {number} dropout of the adapters' inputs
 * @property {number} learningRate
 * @property {number} weightDecay
 * @property {number} maxNorm
 * @property {number[]} head weight [2][size], then bias [2]
 */

/** @typedef {{ model: string, small: string }} Models folders, as paths or as URLs; `small`: of the one that is pre-trained */

/** Sends PyTorch a request, see steps.py. @typedef {(request: object) => Promise<any>} Ask */

/** @typedef {import('../suites/suite.js').Fact} Fact */

/** @typedef {{ method: Method, threads: number, peer: boolean, run: () => Promise<number> }} Entry `run` gives milliseconds */

/** @type {[texts: number, tokens: number][]} */
const SHAPES = [
  [32, 32],
  [16, 128],
];
const BATCH = 32;
const SENTENCES = 320;
const PAIRS = 16;

/** Of 'MLM': sequences and their tokens; every so many of which is masked; [MASK] in the vocabulary of the small model. */
const MASKED_SHAPE = /** @type {[number, number]} */ ([32, 128]);
const MASKED_EVERY = 7;
const MASK = 4;

/** A label that is no word. */
export const NOT_MASKED = -100;
const SIZE = 384;
const ROUNDS = 5;

/** Both sides have no dropout but in the adapters. */
const DROPOUT = 0.05;

/** @type {Omit<Recipe, 'dropout'>} */
const RECIPE = {
  rank: 16,
  alpha: 32,
  learningRate: 1e-4,
  weightDecay: 0.01,
  maxNorm: 1,
  head: Array.from({ length: 2 * SIZE + 2 }, (_, i) => Math.cos(i) / 20),
};

/** The model that is pre-trained. Its vocabulary has that many pieces. */
export const SMALL = { layers: 4, hiddenSize: 128, heads: 4, intermediateSize: 512, maxTokens: 128, vocabulary: 8192 };

/** How far the first step's losses may lie apart, relatively. */
const SAME_LOSS = 1e-3;

/**
 * @param {Models} models
 * @param {Ask} ask
 * @param {{ quick: boolean, sentences: string[], say: (message: string) => void }} options
 * @returns {Promise<Fact[]>} milliseconds, and ratios
 */
export async function trainingSuite(models, ask, { quick, sentences, say }) {
  const sides = new Map();
  for (const threads of [1, 2]) sides.set(threads, await bertletTraining(models, threads));
  const rounds = quick ? 1 : ROUNDS;

  /**
   * @param {string} shape
   * @param {Method[]} methods
   * @param {Batch[]} batches
   * @param {number} dropout
   */
  const compare = async (shape, methods, batches, dropout) => {
    const recipe = { ...RECIPE, dropout };
    /** @type {Entry[]} */
    const entries = [];
    const tuners = [];
    for (const method of methods) {
      const peer = `${shape} ${method}`;
      const hasPeer = method !== 'LoRA int8';
      const theirs = (/** @type {number} */ threads) => ask({ run: peer, threads });
      if (hasPeer) await ask({ prepare: peer, method, batches, recipe });
      const { loss } = hasPeer ? await theirs(1) : { loss: 0 }; // of its first step
      for (const [threads, side] of sides) {
        const steps =
          method === 'forward'
            ? { run: side.forward(batches), dispose() {} }
            : await side.steps(method, batches, recipe);
        tuners.push(steps);
        const own = await steps.run();
        if (dropout === 0 && hasPeer && method !== 'forward' && !(Math.abs(own - loss) <= SAME_LOSS * loss))
          throw new Error(`${shape}, ${method}: the first loss is ${own}, PyTorch's ${loss}`);
        entries.push({ method, threads, peer: false, run: () => time(steps.run) });
        if (hasPeer) entries.push({ method, threads, peer: true, run: async () => (await theirs(threads)).ms });
      }
    }
    say(`measuring ${shape}`);
    const measured = await takeTurns(
      entries.length,
      (index) => entries[index].run(),
      (round) => round < rounds,
    );
    for (const tuner of tuners) tuner.dispose();
    return factsOf(shape, entries, measured);
  };

  /** @type {Fact[]} */
  const facts = [];
  for (const [texts, tokens] of SHAPES) {
    const ids = [...tokenIds(texts, tokens)];
    const rows = Array.from({ length: texts }, (_, row) => ids.slice(row * tokens, (row + 1) * tokens));
    facts.push(...(await compare(`${texts}x${tokens}`, ['forward', 'LoRA', 'LoRA int8', 'full'], [batchOf(rows)], 0)));
  }
  if (sentences.length > 0) {
    // Of similar length in a batch, so that PyTorch pads little; in an order that is not that of their lengths.
    const some = spread(sentences, Math.min(quick ? 2 * BATCH : SENTENCES, sentences.length));
    const rows = some.map(sides.get(1).ids).sort((a, b) => a.length - b.length);
    const batches = Array.from({ length: Math.floor(rows.length / BATCH) }, (_, i) =>
      batchOf(rows.slice(i * BATCH, (i + 1) * BATCH)),
    );
    const mixed = batches.map((_, i) => batches[(i * 7) % batches.length]);
    facts.push(...(await compare(`${some.length} sentences`, ['LoRA', 'LoRA int8'], mixed, DROPOUT)));
    const pairs = spread(sentences, 2 * PAIRS).map(sides.get(1).ids);
    const scores = Array.from({ length: PAIRS }, (_, i) => i % 2);
    facts.push(...(await compare(`${PAIRS} pairs`, ['contrastive'], [{ texts: pairs, labels: scores }], 0)));
  }
  facts.push(...(await compare(`${MASKED_SHAPE.join('x')} masked`, ['MLM'], [maskedBatch()], 0)));
  return facts;
}

/** Sequences for the small model, in which some words are masked. @returns {Batch} */
function maskedBatch() {
  const [count, tokens] = MASKED_SHAPE;
  const all = tokenIds(count, tokens);
  const rows = Array.from({ length: count }, (_, row) =>
    Array.from(all.subarray(row * tokens, (row + 1) * tokens), (id) => id % SMALL.vocabulary),
  );
  const isMasked = (/** @type {number} */ place) => place % MASKED_EVERY === 3;
  return {
    texts: rows.map((ids) => ids.map((id, place) => (isMasked(place) ? MASK : id))),
    labels: rows.map((ids) => ids.map((id, place) => (isMasked(place) ? id : NOT_MASKED))),
  };
}

/** @param {number[][]} texts @returns {Batch} */
const batchOf = (texts) => ({ texts, labels: texts.map((_, i) => i % 2) });

/**
 * @param {string} shape
 * @param {Entry[]} entries
 * @param {number[][]} measured [entries][rounds] milliseconds
 * @returns {Fact[]}
 */
function factsOf(shape, entries, measured) {
  const times = (/** @type {Method} */ method, /** @type {number} */ threads, /** @type {boolean} */ peer) =>
    measured[entries.findIndex((one) => one.method === method && one.threads === threads && one.peer === peer)];
  /** @type {Fact[]} */
  const facts = entries.map(({ method, threads, peer }, i) => {
    const contender = `${peer ? 'PyTorch' : 'bertlet'} ${method}`;
    return { suite: 'training', contender, dtype: '', threads, shape, value: quantile(measured[i]), unit: 'ms' };
  });
  /** The median over the rounds. @type {(contender: string, threads: number, over: number[], under?: number[]) => void} */
  const ratio = (contender, threads, over, under) => {
    if (!under) return;
    const value = quantile(over.map((ms, round) => ms / under[round]));
    facts.push({ suite: 'training-ratios', contender, dtype: '', threads, shape, value, unit: 'x' });
  };
  for (const { method, threads, peer } of entries) {
    const own = times(method, threads, peer);
    const who = `${peer ? 'PyTorch' : 'bertlet'} ${method}`;
    const inF32 = method === 'LoRA int8' ? 'LoRA' : method;
    if (method !== 'forward') ratio(`${who} : its f32 forward`, threads, own, times('forward', threads, peer));
    if (!peer) ratio(`${who} : PyTorch's ${inF32}`, threads, own, times(inF32, threads, true));
    if (threads === 2) ratio(`${who}, one thread : two`, 1, times(method, 1, peer), own);
  }
  return facts;
}
