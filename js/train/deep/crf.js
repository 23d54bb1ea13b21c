// A conditional random field on the tags of words, trained along with the encoder (Lafferty, McCallum & Pereira 2001).
import { logSumExp } from '../../base/numbers.js';
import { STATUS } from '../../core/abi.js';
import { align } from '../../core/instance.js';
import { viterbi } from '../../decode/viterbi.js';
import { BertletError } from '../../errors.js';

/**
 * Sentences of a batch.
 * @typedef {object} Sentences
 * @property {number[]} starts [sentences + 1] the first row of each, then the number of rows
 * @property {number[]} tags [rows]
 */

/**
 * Bytes of scratch memory that the loss of a batch uses. Throws OUT_OF_MEMORY.
 * @param {import('../../core/instance.js').Core} core
 * @param {number} tags
 * @param {number} longest words of a sentence
 * @param {number} maxRows of a batch
 */
export function crfBytes({ fn }, tags, longest, maxRows) {
  const crf = fn.crf_bytes(longest, tags) >>> 0;
  if (crf === 0)
    throw new BertletError(
      'OUT_OF_MEMORY',
      `Sentences of ${longest} words with ${tags} tags need more than the 4 GB of WebAssembly. Cut them, or take fewer tags.`,
    );
  return align(crf) + align(4 * maxRows) + align(4 * (maxRows + 1)) + 4 * (tags + 1) * tags;
}

/**
 * The loss of a batch: of its words, in the mean.
 * @param {Sentences} sentences
 * @param {number} tags how many there are
 * @param {number} longest words of a sentence
 * @returns {import('./tuner.js').Loss} whose parameters are [tags + 1][tags]: from tag (row) to tag (column), the last row: to the first one
 */
export const crfLoss =
  ({ starts, tags: labels }, tags, longest) =>
  (core, logits, rows, { parameters, gradient, share }) => {
    const { fn } = core;
    const block = core.scratch(crfBytes(core, tags, longest, rows));
    const labelsAt = block + align(fn.crf_bytes(longest, tags) >>> 0);
    const startsAt = labelsAt + align(4 * rows);
    const derivativeAt = startsAt + align(4 * (rows + 1));
    core.ints(labelsAt, rows).set(labels);
    core.ints(startsAt, starts.length).set(starts);
    const derivative = core.floats(derivativeAt, (tags + 1) * tags).fill(0);
    const crf = fn.crf_init(block, longest, tags);
    const status = fn.crf_start(crf, logits, labelsAt, startsAt, starts.length - 1, parameters, derivativeAt);
    if (status !== STATUS.OK) throw new Error(`bertlet_crf_start: ${status}`);
    fn.crf_run(crf, Infinity);
    const sum = core.floats(gradient, derivative.length);
    for (let i = 0; i < sum.length; i++) sum[i] += share * derivative[i];
    return fn.crf_loss(crf);
  };

/**
 * The best tags of a sentence, and -log of the probability of its own.
 * @param {ArrayLike<number>} logits [words][tags]
 * @param {number[]} truth [words]
 * @param {Float32Array} parameters as of `crfLoss`
 * @returns {{ best: Int32Array, loss: number }}
 */
export function readCrf(logits, truth, parameters) {
  if (truth.length === 0) return { best: new Int32Array(0), loss: 0 };
  const tags = logits.length / truth.length;
  const next = parameters.subarray(0, tags * tags);
  const start = parameters.subarray(tags * tags);
  const step = (/** @type {number} */ from, /** @type {number} */ to) => next[from * tags + to];
  // alpha[tag]: log of the sum over all ways to this tag of the present word, by the forward algorithm (Rabiner 1989, section III.A).
  let alpha = Array.from(start, (score, tag) => score + logits[tag]);
  let own = alpha[truth[0]];
  for (let word = 1; word < truth.length; word++) {
    const before = alpha;
    alpha = before.map(
      (_, to) => logSumExp(before.map((sum, from) => sum + step(from, to))) + logits[word * tags + to],
    );
    own += step(truth[word - 1], truth[word]) + logits[word * tags + truth[word]];
  }
  const transitions = {
    start: Float64Array.from(start),
    next: Float64Array.from(next),
    end: new Float64Array(tags),
  };
  return { best: viterbi(logits, transitions), loss: logSumExp(alpha) - own };
}
