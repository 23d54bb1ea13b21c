// Question answering in the worker: splits contexts into windows that fit into the model, and computes their logits.
import { questionWindows, windowOptions } from '../tokenize/question-windows.js';
import { forEachWindow } from './windows.js';

/** @typedef {import('../tokenize/question-windows.js').Question} Question */

/**
 * Sends all windows of questions to the caller, in parts: each is an array of `Window` (js/decode/answers.js), with `text`, the
 * question's index, and `index`, the window's index in it.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ texts: Question[], head: import('../core/dense.js').ReadyHead, maxTokens?: number, stride?: number }} params
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 * @returns {Promise<void>} rejects with BAD_INPUT for wrong `maxTokens` or `stride`, TEXT_TOO_LONG for a question that leaves no tokens for
 *   its context, OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function readQuestions(engine, { texts, head, ...given }, context) {
  const options = windowOptions(given, engine.config.maxPositions);
  const { first = 0 } = context;
  await forEachWindow(
    engine,
    texts,
    head,
    (question, number) => questionWindows(engine.tokenizer, question, first + number, options),
    (batch, windows) => {
      const logits = engine.logits(batch, head);
      const part = windows.map((window, i) => {
        const pairs = logits.subarray(2 * batch.starts[i], 2 * batch.starts[i + 1]); // [tokens][2]
        return {
          ...window,
          startLogits: pairs.filter((_, k) => k % 2 === 0),
          endLogits: pairs.filter((_, k) => k % 2 === 1),
        };
      });
      context.part(part);
    },
    context,
  );
}
