// Question answering in the worker: splits contexts into windows that fit into the model, and computes their logits.
import { forEachEncoded } from '../engine/batches.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { questionWindows, windowOptions } from '../tokenize/question-windows.js';

/** @typedef {import('../tokenize/question-windows.js').Question} Question */

/** Number of questions that are tokenized and sorted together. */
const GROUP = 64;

/**
 * Sends all windows of questions to the caller, in parts: each is an array of `Window` (js/decode/answers.js), with `question`, the
 * question's index, and `index`, the window's index in it.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ questions: Question[], head: import('../core/dense.js').ReadyHead, maxTokens?: number, stride?: number }} params
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 * @returns {Promise<void>} rejects with BAD_INPUT for wrong `maxTokens` or `stride`, TEXT_TOO_LONG for a question that leaves no tokens for
 *   its context, OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function readQuestions(engine, { questions, head, ...given }, context) {
  const options = windowOptions(given, engine.config.maxPositions);
  const report = progressReporter(context, 'classify');
  const pause = createPause(context);
  for (let first = 0; first < questions.length; first += GROUP) {
    const windows = questions.slice(first, first + GROUP).flatMap((texts, i) => {
      const question = first + i;
      return questionWindows(engine.tokenizer, texts, question, options).map(({ encoded, ...window }, index) => ({
        ...encoded,
        index,
        window: { question, index, ...window },
      }));
    });
    await forEachEncoded(
      engine,
      windows,
      [head.layer],
      (batch, encoded) => {
        const logits = engine.logits(batch, head);
        const part = encoded.map(({ window }, i) => {
          const pairs = logits.subarray(2 * batch.starts[i], 2 * batch.starts[i + 1]); // [tokens][2]
          return {
            ...window,
            startLogits: pairs.filter((_, k) => k % 2 === 0),
            endLogits: pairs.filter((_, k) => k % 2 === 1),
          };
        });
        context.part(part);
      },
      pause,
    );
    report(Math.min(first + GROUP, questions.length), questions.length);
    await pause();
  }
}
