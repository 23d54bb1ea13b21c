// Texts to batches of the encoder: tokenized, sorted by length, and handed on batch by batch.
import { BertletError } from '../errors.js';
import { createPause, progressReporter } from '../rpc/progress.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('./engine.js').Batch} Batch */
/** @typedef {import('./engine.js').Indexed} Indexed */

/** Texts that are tokenized and sorted together. */
const WINDOW = 2048;

/**
 * Runs the encoder over texts, the longest of some thousand first, and hands on each batch while its hidden states are there.
 * @param {Engine} engine
 * @param {import('../tokenize/tokenizer.js').Text[]} texts
 * @param {{ phase: import('../types.js').Progress['phase'], layer?: number, truncation?: 'cut' | 'error', maxTokens?: number,
 *   numbers?: number[] }} options `layer`: how many layers to run; default: all. `maxTokens` of a text, default: as many as the
 *   model has positions. `numbers`: the caller's numbers of the texts, for messages
 * @param {(batch: Batch) => void} use
 * @param {import('../rpc/serve.js').Context} context
 */
export async function forEachBatch(
  engine,
  texts,
  { phase, layer, truncation = 'cut', maxTokens = engine.config.maxPositions, numbers },
  use,
  context,
) {
  const { emit } = context;
  const report = progressReporter(context, phase);
  const pause = createPause(context);
  /** @type {number[]} */
  const cut = [];
  let done = 0;
  for (let first = 0; first < texts.length; first += WINDOW) {
    /** @type {Indexed[]} */
    const encoded = [];
    for (let index = first; index < Math.min(first + WINDOW, texts.length); index++) {
      const encoding = engine.tokenizer.encode(texts[index], maxTokens);
      if (encoding.cut) cut.push(numbers?.[index] ?? index);
      if (encoding.cut && truncation === 'error') throw tooLong(index, maxTokens);
      encoded.push({ index, ...encoding });
      await pause();
    }
    await forEachEncoded(
      engine,
      encoded,
      layer,
      (batch) => {
        done += batch.indices.length;
        use(batch);
        report(done, texts.length);
      },
      pause,
    );
  }
  if (cut.length > 0) {
    const which = cut.length === 1 ? `Text ${cut[0]} was` : `${cut.length} texts (the first is text ${cut[0]}) were`;
    emit({ warning: `${which} longer than the model's ${maxTokens} tokens and cut there.`, texts: cut });
  }
}

/**
 * The same of texts in ids.
 * @param {Engine} engine
 * @param {Indexed[]} encoded sorted in place
 * @param {number | undefined} layer how many layers to run; default: all
 * @param {(batch: Batch) => void} use
 * @param {() => Promise<void>} pause
 */
export async function forEachEncoded(engine, encoded, layer, use, pause) {
  encoded.sort((a, b) => b.ids.length - a.ids.length);
  for (let next = 0; next < encoded.length;) {
    const batch = engine.forward(encoded, next, layer);
    next += batch.indices.length;
    use(batch);
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
