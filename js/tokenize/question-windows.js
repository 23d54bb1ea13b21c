// Questions with their contexts, in windows that fit into the model.
import { BertletError } from '../errors.js';
import { pacer, reporter } from '../rpc/progress.js';
import { contextWindows } from './windows.js';

/** @typedef {[question: string, context: string]} Question */
/** @typedef {{ maxTokens: number, stride: number }} WindowOptions */

/**
 * [CLS] question [SEP] window of the context [SEP]
 * @typedef {object} QuestionWindow
 * @property {import('./tokenizer.js').Encoded} encoded
 * @property {number} first place of the window's first context token
 * @property {string[]} tokens [window] the context's tokens in it
 * @property {[start: number, end: number][]} offsets [window] of these in the context
 */

/**
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {Question} question
 * @param {number} number of the question among those that were given, for errors
 * @param {WindowOptions} options
 * @returns {QuestionWindow[]} at least one
 */
export function questionWindows(tokenizer, [question, context], number, { maxTokens, stride }) {
  const { ids: asked } = tokenizer.tokenize([question]); // [CLS] question [SEP]
  const whole = tokenizer.tokenize([context]);
  const sep = asked[asked.length - 1];
  const sizes = { number, question: asked.length - 2, context: whole.ids.length - 2, maxTokens, stride };
  return contextWindows(sizes).map(([begin, end]) => ({
    encoded: {
      ids: Int32Array.of(...asked, ...whole.ids.subarray(1 + begin, 1 + end), sep),
      second: asked.length,
      cut: false,
    },
    first: asked.length,
    tokens: whole.tokens.slice(1 + begin, 1 + end),
    offsets: whole.offsets.slice(1 + begin, 1 + end),
  }));
}

/** Questions that are tokenized and sorted together. */
const GROUP = 64;

/** The longest windows, and what they share, unless the caller says otherwise: those of Hugging Face's pipeline. */
const MAX_TOKENS = 384;
const STRIDE = 128;

/**
 * @param {{ maxTokens?: number, stride?: number }} given
 * @param {number} maxPositions of the model
 * @returns {WindowOptions}
 */
export function windowOptions(given, maxPositions) {
  const { maxTokens = Math.min(MAX_TOKENS, maxPositions), stride } = given;
  const options = { maxTokens, stride: stride ?? Math.min(STRIDE, Math.floor(maxTokens / 3)) };
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1 && maxTokens <= maxPositions))
    throw new BertletError('BAD_INPUT', `maxTokens is ${maxTokens}; it must be an integer from 1 to ${maxPositions}.`);
  if (!(Number.isInteger(options.stride) && options.stride >= 0))
    throw new BertletError('BAD_INPUT', `stride is ${stride}; it must be an integer that is not negative.`);
  return options;
}

/**
 * Emits, batch by batch, the windows of questions with their logits.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {{ questions: Question[], network: import('../core/dense.js').HeadNetwork, maxTokens?: number, stride?: number }} params
 * @param {import('../rpc/connection.js').Context} context
 */
export async function readQuestions(engine, { questions, network, ...given }, context) {
  const options = windowOptions(given, engine.config.maxPositions);
  const report = reporter(context, 'classify');
  const pace = pacer(context);
  for (let first = 0; first < questions.length; first += GROUP) {
    const windows = questions.slice(first, first + GROUP).flatMap((question, i) =>
      questionWindows(engine.tokenizer, question, first + i, options).map((window, index) => ({
        question: first + i,
        index,
        ...window,
      })),
    );
    await engine.forEachEncoded(
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
      pace,
    );
    report(Math.min(first + GROUP, questions.length), questions.length);
  }
}
