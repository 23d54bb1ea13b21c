// Tuning for question answering: a window of the context with its question, and where the answer is in it.
import { indexOfMax, logSumExp } from '../../base/numbers.js';
import { questionWindows } from '../../tokenize/question-windows.js';
import { spanOf, warnOfCutAnswers } from '../dataset/answer-spans.js';
import { putInts } from './task.js';

/** @typedef {import('./task.js').TuningExample & { span: [begin: number, end: number] }} AnsweredWindow */

/**
 * Cuts contexts into windows.
 * @param {import('../../engine/engine.js').Engine} engine
 * @param {object} params
 * @param {import('../../tokenize/question-windows.js').Question[]} params.questions
 * @param {import('../dataset/answer-spans.js').Answer[]} params.answers [questions]
 * @param {number[]} params.numbers [questions] indices among the caller's examples
 * @param {number} params.trained how many of the questions are trained on; the others are held out
 * @param {import('../../tokenize/question-windows.js').WindowOptions} params.windows
 * @param {() => Promise<void>} pause
 * @param {import('../../rpc/serve.js').Context} context
 * @returns {Promise<import('./task.js').TuningTask<AnsweredWindow>>} rejects with TEXT_TOO_LONG for a question that leaves no tokens for
 *   its context
 */
export async function answerTask(engine, params, pause, context) {
  const { questions, answers, numbers, windows: sizes, trained } = params;
  /** @type {AnsweredWindow[][]} [questions][windows] */
  const windows = [];
  for (let i = 0; i < questions.length; i++) {
    windows.push(
      questionWindows(engine.tokenizer, questions[i], numbers[i], sizes).map(({ encoded, first, offsets }) => ({
        encoded,
        index: numbers[i],
        weight: 1,
        span: spanOf(answers[i], offsets, first),
      })),
    );
    await pause();
  }
  const isCut = (/** @type {number} */ i) => answers[i] && windows[i].every(({ span: [begin] }) => begin === 0);
  warnOfCutAnswers(
    numbers.filter((_, i) => i < trained && isCut(i)),
    context,
  );
  const heldOut = windows.slice(trained).flat();
  return {
    train: windows.slice(0, trained).flat(),
    heldOut,
    outputs: 2,
    pooling: 'none',
    scoreName: 'exactWindows',
    lossOf: (batch, starts) => (core, logits) => {
      const at = putInts(core, [...starts, ...batch.flatMap(({ span }) => span)]);
      return core.fn.span_loss(logits, at, at + 4 * starts.length, batch.length);
    },
    async measure(logits) {
      let loss = 0;
      let exact = 0;
      heldOut.forEach(({ span }, i) => {
        const ends = span.map((position, which) => {
          const scores = logits[i].filter((_, k) => k % 2 === which);
          loss += (logSumExp(scores) - scores[position]) / 2;
          return indexOfMax(scores) === position;
        });
        exact += Number(ends.every(Boolean));
      });
      return { loss: loss / heldOut.length, score: exact / heldOut.length };
    },
  };
}
