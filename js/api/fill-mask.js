// `fillMask`: checks of its arguments, and the call to the worker.
import { BertletError } from '../errors.js';
import { callOptions } from './call-options.js';
import { numberOf } from './heads/number-of.js';
import { checkInteger } from './options.js';
import { toTexts } from './texts.js';

/** @typedef {import('../types.js').MaskFill} MaskFill */

/**
 * See `Model.fillMask`.
 * @param {import('../rpc/connection.js').Caller} connection to the model's worker
 * @param {string | string[]} texts
 * @param {{ topK?: number, targets?: string[], head?: unknown } & import('../types.js').TaskOptions} options
 * @returns {Promise<MaskFill[] | MaskFill[][] | (MaskFill[] | MaskFill[][])[]>}
 */
export async function fillMask(connection, texts, { topK = 5, targets, head, ...taskOptions }) {
  checkInteger('topK', topK);
  if (targets !== undefined && !(Array.isArray(targets) && targets.every((target) => typeof target === 'string')))
    throw new BertletError('BAD_INPUT', `targets is ${targets}; it must be an array of words.`);
  const params = { texts: toTexts(texts), topK, targets, head: numberOf(head, connection) };
  /** @type {MaskFill[][][]} */
  const fills = await connection.call('fillMask', params, callOptions(taskOptions));
  const results = fills.map((masks) => (masks.length === 1 ? masks[0] : masks));
  return Array.isArray(texts) ? results : results[0];
}
