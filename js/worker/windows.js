// Texts that are read in windows: each window goes through the encoder as a text of its own.
import { forEachEncoded } from '../engine/batches.js';
import { createPause, progressReporter } from '../rpc/progress.js';

/** @typedef {import('../tokenize/tokenizer.js').Encoded} Encoded */

/** Number of texts that are tokenized and sorted together. */
const GROUP = 64;

/**
 * Runs the encoder over all windows of texts, and calls `use` for each batch of windows.
 * @template T
 * @template {object} W
 * @param {import('../engine/engine.js').Engine} engine
 * @param {T[]} texts
 * @param {import('../core/dense.js').EncoderSpec & { layer: number }} spec which hidden states are wanted
 * @param {(text: T, number: number) => (W & { encoded: Encoded })[]} windowsOf gets a text and its index; throws what the call rejects with
 * @param {(batch: import('../engine/engine.js').Batch, windows: (W & { text: number, index: number })[]) => void} use called
 *   while the engine holds the layer's hidden states; `windows`: [windows] of the batch, with the index of its text, and its own in that
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<void>} rejects with BAD_WEIGHTS, or the signal's reason
 */
export async function forEachWindow(engine, texts, spec, windowsOf, use, context) {
  const report = progressReporter(context, 'classify');
  const pause = createPause(context);
  for (let first = 0; first < texts.length; first += GROUP) {
    const windows = texts.slice(first, first + GROUP).flatMap((one, i) =>
      windowsOf(one, first + i).map(({ encoded, ...window }, index) => ({
        ...encoded,
        index,
        window: /** @type {W & { text: number, index: number }} */ ({ ...window, text: first + i, index }),
      })),
    );
    await forEachEncoded(
      engine,
      windows,
      [spec.layer],
      (batch, encoded) =>
        use(
          batch,
          encoded.map(({ window }) => window),
        ),
      pause,
      undefined,
      spec,
    );
    report(Math.min(first + GROUP, texts.length), texts.length);
    if (first + GROUP < texts.length) await pause();
  }
}
