// Runs the encoder over any number of texts: tokenizes them, sorts them by length, and computes batch after batch.
import { cutWarning } from '../base/cut-warning.js';
import { BertletError } from '../errors.js';
import { createPause, progressReporter } from '../rpc/progress.js';

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('../tokenize/tokenizer.js').Tokenizer} Tokenizer */
/** @typedef {import('../tokenize/tokenizer.js').Text} Text */
/** @typedef {import('../tokenize/tokenizer.js').Encoded} Encoded */

/**
 * Called for each batch once for each wanted layer, `batch.layer`, while the engine holds this layer's hidden states. `encoded`: [texts]
 * the texts of the batch.
 * @template {Encoded} T
 * @typedef {(batch: import('./engine.js').Batch, encoded: (T & { index: number })[]) => void} UseBatch
 */

/** Number of texts that are tokenized and sorted together. */
const GROUP = 2048;

/**
 * @template {Encoded} T
 * @typedef {object} BatchOptions
 * @property {import('../types.js').Progress['phase']} phase
 * @property {number[]} [layers] the wanted layers, ascending: 0 (the embeddings) to the number of layers; default: the last
 * @property {'cut' | 'error'} [truncation] 'error': reject with TEXT_TOO_LONG if a text has more than `maxTokens`; default 'cut'
 * @property {number} [maxTokens] to which a text is cut, [CLS] and [SEP] included; default: the model's maximum
 * @property {number[]} [numbers] [texts] the caller's numbers of the texts, for messages; default: their indices, from the context's `first` on
 * @property {import('../core/dense.js').EncoderSpec} [spec] how the encoder computes the hidden states
 * @property {(tokenizer: Tokenizer, text: Text, maxTokens: number) => T} [encode] default: `tokenizer.encode`
 */

/**
 * Runs the encoder once over all texts, in groups of 2048 with the longest text first, and calls `use` for each batch. If texts are cut,
 * the caller gets a warning.
 * @template {Encoded} [T=Encoded]
 * @param {Engine} engine
 * @param {Text[]} texts
 * @param {BatchOptions<T>} options
 * @param {UseBatch<T>} use
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<void>} rejects with TEXT_TOO_LONG, OUT_OF_MEMORY, BAD_WEIGHTS if the model computes NaN or infinity, or the signal's
 *   reason
 */
export async function forEachBatch(engine, texts, options, use, context) {
  const { tokenizer, config } = engine;
  const { phase, layers = [config.numLayers], truncation, maxTokens = config.maxPositions, numbers, spec } = options;
  const { encode = (_, text) => /** @type {T} */ (tokenizer.encode(text, maxTokens)) } = options;
  const report = progressReporter(context, phase);
  const pause = createPause(context);
  const numberOf = (/** @type {number} */ index) => numbers?.[index] ?? (context.first ?? 0) + index;
  /** @type {number[]} */
  const cut = [];
  let done = 0;
  for (let first = 0; first < texts.length; first += GROUP) {
    /** @type {(T & { index: number })[]} */
    const encoded = [];
    for (let index = first; index < Math.min(first + GROUP, texts.length); index++) {
      const encoding = encode(tokenizer, texts[index], maxTokens);
      if (encoding.cut) cut.push(numberOf(index));
      if (encoding.cut && truncation === 'error') throw tooLong(numberOf(index), maxTokens);
      encoded.push({ index, ...encoding });
      await pause();
    }
    await forEachEncoded(engine, encoded, layers, use, pause, (count) => report((done += count), texts.length), spec);
  }
  if (cut.length > 0) context.emit({ warning: cutWarning(cut, maxTokens), texts: cut, maxTokens });
}

/**
 * Runs the encoder once over texts that are token ids already, the longest first, and calls `use` for each batch.
 * @template {Encoded} T
 * @param {Engine} engine
 * @param {(T & { index: number })[]} encoded each at most as long as the model's maximum; sorted in place
 * @param {number[]} layers the wanted layers, ascending
 * @param {UseBatch<T>} use
 * @param {() => Promise<void>} pause awaited between layers and batches, see `createPause`
 * @param {(count: number) => void} [report] called after each batch with its number of texts
 * @param {import('../core/dense.js').EncoderSpec} [spec]
 * @returns {Promise<void>} rejects with BAD_WEIGHTS if the model computes NaN or infinity, and with what `pause` rejects with
 */
export async function forEachEncoded(engine, encoded, layers, use, pause, report = () => {}, spec = {}) {
  encoded.sort((a, b) => b.ids.length - a.ids.length);
  for (let next = 0; next < encoded.length;) {
    const batch = engine.forward(encoded, next, 0, spec);
    const end = next + batch.indices.length;
    try {
      for (const layer of layers) {
        // Layer by layer: a call that comes meanwhile has not to wait for the whole batch.
        while (batch.layer + 1 < layer) {
          engine.advance(batch, batch.layer + 1);
          await pause();
        }
        engine.advance(batch, layer);
        use(batch, encoded.slice(next, end));
      }
    } finally {
      engine.finish(batch);
    }
    report(end - next);
    next = end;
    if (next < encoded.length) await pause(); // else it is done, and has not to wait for the others
  }
}

/**
 * @param {number} number
 * @param {number} maxTokens
 */
const tooLong = (number, maxTokens) =>
  new BertletError(
    'TEXT_TOO_LONG',
    `Text ${number} is longer than the model's ${maxTokens} tokens. Shorten it, or allow truncation: 'cut'.`,
  );
