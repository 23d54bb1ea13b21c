// Token classification in the worker: the logits of all tokens of texts, where long texts are cut or read in windows.
import { forEachBatch } from '../engine/batches.js';
import { encodeLocated } from '../tokenize/located.js';
import { tokenWindows } from '../tokenize/token-windows.js';
import { forEachWindow } from './windows.js';

/**
 * A window of a text, or a whole text.
 * @typedef {import('../tokenize/located.js').Located & { text: number, index: number, logits: Float32Array }} TokenWindow `text`: index of
 *   the text; `index`: of the window in it; `logits`: [tokens][labels]
 */

/**
 * Sends the logits of texts to the caller, in parts: each is an array of `TokenWindow`.
 * @param {import('../engine/engine.js').Engine} engine
 * @param {object} params
 * @param {import('../tokenize/tokenizer.js').Text[]} params.texts no pairs
 * @param {import('../core/dense.js').ReadyHead} params.head
 * @param {number} [params.stride] how many tokens a window shares with the one before; without it, long texts are cut, with a warning
 * @param {import('../rpc/serve.js').Context & { part: import('../rpc/serve.js').SendPart }} context
 * @returns {Promise<void>} rejects with BAD_INPUT for a wrong `stride`, OUT_OF_MEMORY, BAD_WEIGHTS, or the signal's reason
 */
export async function readTokens(engine, { texts, head, stride }, context) {
  const { tokenizer, config } = engine;
  /**
   * @param {import('../engine/engine.js').Batch} batch
   * @param {Omit<TokenWindow, 'logits'>[]} windows
   */
  const send = (batch, windows) => {
    const logits = engine.logits(batch, head);
    const labels = logits.length / batch.starts[windows.length];
    const rows = (/** @type {number} */ i) => logits.slice(labels * batch.starts[i], labels * batch.starts[i + 1]);
    context.part(windows.map((window, i) => ({ ...window, logits: rows(i) })));
  };
  if (stride === undefined) {
    const options = {
      phase: /** @type {const} */ ('classify'),
      layers: [head.layer],
      spec: head,
      encode: encodeLocated,
    };
    await forEachBatch(
      engine,
      texts,
      options,
      (batch, encoded) =>
        send(
          batch,
          encoded.map(({ index, located }) => ({ text: index, index: 0, ...located })),
        ),
      context,
    );
    return;
  }
  const sizes = { maxTokens: config.maxPositions, stride };
  await forEachWindow(engine, texts, head, ([text]) => tokenWindows(tokenizer, text, sizes), send, context);
}
