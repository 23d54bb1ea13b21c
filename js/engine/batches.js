// Texts to batches of the encoder: tokenized, sorted by length, and handed on batch by batch.
import { BertletError } from '../errors.js';
import { createPause, progressReporter } from '../rpc/progress.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('../tokenize/tokenizer.js').Tokenizer} Tokenizer */
/** @typedef {import('../tokenize/tokenizer.js').Text} Text */
/** @typedef {import('../tokenize/tokenizer.js').Encoded} Encoded */

/**
 * Called for each batch, once for each of the layers that are wanted, while that layer's hidden states are there (`batch.layer`).
 * `encoded`: the texts of the batch.
 * @template {Encoded} T
 * @typedef {(batch: import('./engine.js').Batch, encoded: (T & { index: number })[]) => void} UseBatch
 */

/** Texts that are tokenized and sorted together. */
const WINDOW = 2048;

/**
 * @template {Encoded} T
 * @typedef {object} BatchOptions
 * @property {import('../types.js').Progress['phase']} phase
 * @property {number[]} [layers] whose hidden states are wanted, ascending; default: the last
 * @property {'cut' | 'error'} [truncation]
 * @property {number} [maxTokens] of a text; default: as many as the model has positions
 * @property {number[]} [numbers] the caller's numbers of the texts, for messages
 * @property {(tokenizer: Tokenizer, text: Text, maxTokens: number) => T} [encode] default: what the tokenizer does
 */

/**
 * Runs the encoder once over texts, the longest of some thousand first, and hands on each batch while its hidden states are there.
 * @template {Encoded} [T=Encoded]
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {BatchOptions<T>} options
 * @param {UseBatch<T>} use
 * @param {import('../rpc/serve.js').Context} context
 */
export async function forEachBatch(engine, texts, options, use, context) {
  const { tokenizer, config } = engine;
  const { phase, layers = [config.numLayers], truncation, maxTokens = config.maxPositions, numbers } = options;
  const { encode = (_, text) => /** @type {T} */ (tokenizer.encode(text, maxTokens)) } = options;
  const report = progressReporter(context, phase);
  const pause = createPause(context);
  /** @type {number[]} */
  const cut = [];
  let done = 0;
  for (let first = 0; first < texts.length; first += WINDOW) {
    /** @type {(T & { index: number })[]} */
    const encoded = [];
    for (let index = first; index < Math.min(first + WINDOW, texts.length); index++) {
      const encoding = encode(tokenizer, texts[index], maxTokens);
      if (encoding.cut) cut.push(numbers?.[index] ?? index);
      if (encoding.cut && truncation === 'error') throw tooLong(index, maxTokens);
      encoded.push({ index, ...encoding });
      await pause();
    }
    await forEachEncoded(engine, encoded, layers, use, pause, (count) => report((done += count), texts.length));
  }
  if (cut.length > 0) {
    const which = cut.length === 1 ? `Text ${cut[0]} was` : `${cut.length} texts (the first is text ${cut[0]}) were`;
    context.emit({ warning: `${which} longer than the model's ${maxTokens} tokens and cut there.`, texts: cut });
  }
}

/**
 * The same of texts in ids.
 * @template {Encoded} T
 * @param {Engine} engine
 * @param {(T & { index: number })[]} encoded sorted in place
 * @param {number[]} layers
 * @param {UseBatch<T>} use
 * @param {() => Promise<void>} pause
 * @param {(count: number) => void} [report] after each batch: how many texts it had
 */
export async function forEachEncoded(engine, encoded, layers, use, pause, report = () => {}) {
  encoded.sort((a, b) => b.ids.length - a.ids.length);
  for (let next = 0; next < encoded.length;) {
    const batch = engine.forward(encoded, next, 0);
    const end = next + batch.indices.length;
    for (const layer of layers) {
      engine.advance(batch, layer);
      use(batch, encoded.slice(next, end));
    }
    report(end - next);
    next = end;
    await pause();
  }
}

/**
 * @param {number} index
 * @param {number} maxTokens
 */
const tooLong = (index, maxTokens) =>
  new BertletError(
    'TEXT_TOO_LONG',
    `Text ${index} is longer than the model's ${maxTokens} tokens. Shorten it, or allow truncation: 'cut'.`,
  );
