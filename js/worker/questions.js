// Question answering in the worker: questions with their contexts, in windows that fit into the model, to logits.
import { forEachEncoded } from '../engine/batches.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { questionWindows, windowOptions } from '../tokenize/question-windows.js';

/** @typedef {import('../tokenize/question-windows.js').Question} Question */

/** Questions that are tokenized and sorted together. */
const GROUP = 64;

/**
 * Hands over, batch by batch, the windows of questions with their logits.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ questions: Question[], head: import('../core/dense.js').ReadyHead, maxTokens?: number, stride?: number }} params
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 */
export async function readQuestions(engine, { questions, head, ...given }, context) {
  const options = windowOptions(given, engine.config.maxPositions);
  const report = progressReporter(context, 'classify');
  const pause = createPause(context);
  for (let first = 0; first < questions.length; first += GROUP) {
    const windows = questions.slice(first, first + GROUP).flatMap((text, i) => {
      const question = first + i;
      return questionWindows(engine.tokenizer, text, question, options).map(({ encoded, ...window }, index) => ({
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
        const ready = encoded.map(({ window }, i) => {
          const own = logits.subarray(2 * batch.starts[i], 2 * batch.starts[i + 1]);
          return {
            ...window,
            startLogits: own.filter((_, k) => k % 2 === 0),
            endLogits: own.filter((_, k) => k % 2 === 1),
          };
        });
        context.part(ready);
      },
      pause,
    );
    report(Math.min(first + GROUP, questions.length), questions.length);
  }
}
