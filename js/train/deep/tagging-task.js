// Tuning for tags of words: the head reads the first token of each word.
import { indexOfMax, logSumExp, rowOf } from '../../base/numbers.js';
import { joinWords } from '../../decode/words.js';
import { entityMetrics } from '../../metrics/entities.js';
import { encodeLocated } from '../../tokenize/located.js';
import { checkFirsts, firstsOf, strataOf } from '../dataset/sentences.js';
import { split } from '../dataset/split.js';
import { startsOf } from '../dataset/starts.js';
import { crfBytes, crfLoss, readCrf } from './crf.js';
import { encodeAll, putInts } from './task.js';

/** @typedef {import('./task.js').TuningExample & { firsts: import('../dataset/sentences.js').First[] }} TaggedSentence `firsts`: the words that have
 *   a token, with the first one of each */

/**
 * Encodes sentences, and holds some of them out.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {object} params
 * @param {string[][]} params.words [sentences][words]
 * @param {number[][]} params.tags [sentences][words] 0 to classes - 1
 * @param {number} params.classes number of tags
 * @param {string[]} params.names [classes]
 * @param {number} params.outside the tag of words that are in no entity, or -1
 * @param {number} params.validation share of the sentences to hold out
 * @param {number} params.seed
 * @param {{ crf: boolean }} params.tuning `crf`: whether the tags of a sentence are learnt as a sequence
 * @param {number} maxTokens
 * @param {() => Promise<void>} pause
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<import('./task.js').TuningTask<TaggedSentence> & { validationOf: () => number[] }>} rejects with BAD_INPUT if no word has
 *   a token
 */
export async function taggingTask(
  engine,
  { words, tags, classes, outside, validation, seed, names, tuning: { crf } },
  maxTokens,
  pause,
  context,
) {
  const joined = words.map(joinWords);
  const encode = (/** @type {{ text: string }} */ { text }) => encodeLocated(engine.tokenizer, [text], maxTokens);
  const encoded = await encodeAll(joined, maxTokens, encode, pause, context);
  const { order, trainRows } = split(strataOf(tags, outside), 2, { validation, foldRows: 1, folds: 1, seed });
  const sentences = order.map((index) => {
    const { located, ...tokens } = encoded[index];
    const firsts = firstsOf(joined[index].spans, located.offsets, tokens.ids.length);
    return { encoded: tokens, index, firsts, weight: firsts.length };
  });
  const train = sentences.slice(0, trainRows).filter(({ weight }) => weight > 0);
  checkFirsts(train.length);
  const heldOut = sentences.slice(trainRows);
  const tagsOf = (/** @type {TaggedSentence} */ { index, firsts }) => firsts.map(({ word }) => tags[index][word]);
  const longest = sentences.reduce((most, { weight }) => Math.max(most, weight), 1);
  /** @param {TaggedSentence[]} batch @returns {import('./tuner.js').Loss} */
  const softmaxLoss = (batch) => (core, logits, rows) =>
    core.fn.softmax_loss(logits, putInts(core, batch.flatMap(tagsOf)), 0, rows, classes);
  return {
    train,
    heldOut,
    outputs: classes,
    ...(crf && {
      lossParameters: (classes + 1) * classes,
      lossBytes: (core, maxTokens) => crfBytes(core, classes, longest, maxTokens),
    }),
    pooling: 'none',
    scoreName: 'f1',
    rowsOf: (batch, starts) => batch.map(({ firsts }, i) => firsts.map(({ token }) => starts[i] + token)),
    lossOf: crf
      ? (batch) =>
          crfLoss(
            { starts: startsOf(batch.map(({ weight }) => weight)), tags: batch.flatMap(tagsOf) },
            classes,
            longest,
          )
      : softmaxLoss,
    async measure(logits, parameters) {
      let sum = 0;
      const predicted = heldOut.map((sentence, i) => {
        const truth = tagsOf(sentence);
        const { best, loss } = (crf ? readCrf : readTags)(logits[i], truth, parameters);
        sum += loss;
        const found = tags[sentence.index].map(() => outside);
        sentence.firsts.forEach(({ word }, row) => (found[word] = best[row]));
        return found;
      });
      const named = (/** @type {number[][]} */ lists) => lists.map((list) => list.map((tag) => names[tag] ?? 'O'));
      const count = heldOut.reduce((total, { weight }) => total + weight, 0);
      const { f1 } = entityMetrics(named(heldOut.map(({ index }) => tags[index])), named(predicted));
      return { loss: sum / Math.max(count, 1), score: f1 };
    },
    validationOf: () => order.slice(trainRows),
  };
}

/**
 * The best tag of each word, and the sum of -log of the probabilities of the right ones.
 * @param {Float32Array} logits [words][tags]
 * @param {number[]} truth [words]
 */
function readTags(logits, truth) {
  const rows = truth.map((_, word) => rowOf(logits, word, logits.length / truth.length));
  return {
    best: rows.map(indexOfMax),
    loss: rows.reduce((sum, row, word) => sum + logSumExp(row) - row[truth[word]], 0),
  };
}
