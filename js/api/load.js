// Loads a model into a worker of its own.
import { startWorker } from '#platform';
import { BertletError } from '../errors.js';
import { describe } from '../io/describe.js';
import { Connection } from '../rpc/connection.js';
import { callOptions } from './call-options.js';
import { createHead } from './heads/create.js';
import { RemoteHead } from './heads/remote-head.js';
import { Model } from './model.js';

/**
 * Loads a model into a worker of its own.
 * @param {import('../types.js').ModelSpec} spec
 * @param {import('../types.js').LoadOptions & import('../types.js').TaskOptions} [options]
 * @returns {Promise<Model>}
 */
export async function load(
  spec,
  { dtype = 'f32', adapter, threads, build, hub, revision, token, headers, cache = true, ...others } = {},
) {
  others.signal?.throwIfAborted();
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
  const called = callOptions(others);
  const { name, description, transfer, close } = describe(spec, { hub, revision, token, headers });
  /** @type {ReturnType<typeof describe> | undefined} */
  let added;
  /** @type {Connection | undefined} */
  let connection;
  try {
    if (adapter !== undefined) added = describe(adapter, { hub, token, headers });
    connection = new Connection(startWorker());
    const remote = new RemoteHead(connection);
    const loaded = await remote.call(
      'load',
      { description, adapter: added?.description, dtype, threads, build, cache },
      { ...called, transfer: [...transfer, ...(added?.transfer ?? [])] },
    );
    const { head, ...rest } = loaded;
    const merged = added && { adapter: added.name };
    const info = { model: name, ...merged, dtype, ...rest };
    const { fingerprint } = info;
    const own = head && (await createHead(remote, { ...head, baseModel: name, ...merged, fingerprint }));
    return new Model(connection, info, own);
  } catch (error) {
    connection?.closeWhenIdle();
    throw error;
  } finally {
    close();
    added?.close();
  }
}
