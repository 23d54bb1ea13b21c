// bertlet's public interface.
import { startWorker } from '#platform';
import { BertletError } from './errors.js';
import { createHead } from './api/heads/create.js';
import { listen } from './api/listeners.js';
import { Model } from './api/model.js';
import { Connection } from './rpc/connection.js';
import { describe } from './io/describe.js';

export { clearCache } from './io/cache.js';
export { BertletError } from './errors.js';
export { Model } from './api/model.js';
export { cosineSimilarity, search } from './api/similarity.js';
export { loadTokenizer } from './api/tokenizer.js';

/** @typedef {import('./errors.js').ErrorCode} ErrorCode */
/** @typedef {import('./api/heads/create.js').AnyHead} AnyHead */
/** @typedef {import('./api/heads/text-classifier.js').TextClassifier} TextClassifier */
/** @typedef {import('./api/heads/token-classifier.js').TokenClassifier} TokenClassifier */
/** @typedef {import('./api/heads/question-answerer.js').QuestionAnswerer} QuestionAnswerer */
/** @typedef {import('./metrics/classification.js').Metrics} Metrics */
/** @typedef {import('./types.js').ModelSpec} ModelSpec */
/** @typedef {import('./types.js').FileContent} FileContent */
/** @typedef {import('./types.js').LoadOptions} LoadOptions */
/** @typedef {import('./types.js').TaskOptions} TaskOptions */
/** @typedef {import('./types.js').Progress} Progress */
/** @typedef {import('./types.js').ModelInfo} ModelInfo */
/** @typedef {import('./types.js').EmbedOptions} EmbedOptions */
/** @typedef {import('./types.js').ClassifyOptions} ClassifyOptions */
/** @typedef {import('./types.js').FitOptions} FitOptions */
/** @typedef {import('./types.js').FitReport} FitReport */
/** @typedef {import('./types.js').Example} Example */
/** @typedef {import('./types.js').Encoding} Encoding */
/** @typedef {import('./types.js').Prediction} Prediction */
/** @typedef {import('./types.js').CurvePoint} CurvePoint */
/** @typedef {import('./types.js').MaskFill} MaskFill */

/**
 * Loads a model into a worker of its own.
 * @param {ModelSpec} spec
 * @param {LoadOptions & TaskOptions} [options]
 * @returns {Promise<Model>}
 */
export async function load(
  spec,
  { dtype = 'f32', adapter, threads, build, hub, revision, cache = true, signal, ...listeners } = {},
) {
  signal?.throwIfAborted();
  if (dtype !== 'int8' && dtype !== 'f32') {
    throw new BertletError(
      'UNSUPPORTED_DTYPE',
      `The dtype "${dtype}" is not one that bertlet computes in; there are "int8" and "f32".`,
    );
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64)) {
    throw new BertletError('BAD_INPUT', `threads is ${threads}; it must be an integer from 1 to 64.`);
  }
  if (![true, false, 'refresh'].includes(cache)) {
    throw new BertletError('BAD_INPUT', `cache is ${cache}; it must be true, false or 'refresh'.`);
  }
  const onEvent = listen(listeners);
  const { name, description, transfer, close } = describe(spec, { hub, revision });
  const added = adapter === undefined ? undefined : describe(adapter, { hub });
  const connection = new Connection(startWorker());
  try {
    const loaded = await connection.call(
      'load',
      { description, adapter: added?.description, dtype, threads, build, cache },
      { signal, transfer: [...transfer, ...(added?.transfer ?? [])], onEvent },
    );
    const { head, ...rest } = loaded;
    const merged = added && { adapter: added.name };
    const info = { model: name, ...merged, dtype, ...rest };
    const { fingerprint } = info;
    const own = head && (await createHead(connection, { ...head, baseModel: name, ...merged, fingerprint }));
    return new Model(connection, info, own);
  } catch (error) {
    connection.closeWhenIdle();
    throw error;
  } finally {
    close();
    added?.close();
  }
}
