// Question answering in the worker: questions with their contexts, in windows that fit into the model, to logits.
import { forEachEncoded } from '../engine/batches.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { questionWindows, windowOptions } from '../tokenize/question-windows.js';

/** @typedef {import('../tokenize/question-windows.js').Question} Question */

/** Questions that are tokenized and sorted together. */
const GROUP = 64;

/**
 * Emits, batch by batch, the windows of questions with their logits.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ questions: Question[], network: import('../core/dense.js').HeadNetwork, maxTokens?: number, stride?: number }} params
 * @param {import('../rpc/serve.js').Context} context
 */
export async function readQuestions(engine, { questions, network, ...given }, context) {
  const options = windowOptions(given, engine.config.maxPositions);
  const report = progressReporter(context, 'classify');
  const pause = createPause(context);
  for (let first = 0; first < questions.length; first += GROUP) {
    const windows = questions.slice(first, first + GROUP).flatMap((question, i) =>
      questionWindows(engine.tokenizer, question, first + i, options).map((window, index) => ({
        question: first + i,
        index,
        ...window,
      })),
    );
    await forEachEncoded(
      engine,
      windows.map(({ encoded }, index) => ({ index, ...encoded })),
      network.layer,
      (batch) => {
        const logits = engine.logits(batch, network);
        const ready = batch.indices.map((which, i) => {
          const { question, index, first: at, tokens, offsets } = windows[which];
          const own = logits.subarray(2 * batch.starts[i], 2 * batch.starts[i + 1]);
          const startLogits = own.filter((_, k) => k % 2 === 0);
          return {
            question,
            index,
            startLogits,
            endLogits: own.filter((_, k) => k % 2 === 1),
            first: at,
            tokens,
            offsets,
          };
        });
        context.emit({ windows: ready });
      },
      pause,
    );
    report(Math.min(first + GROUP, questions.length), questions.length);
  }
}
