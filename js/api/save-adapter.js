// Saves a head's adapter: checks what its user asks for, and has the worker write the files.
import { BertletError } from '../errors.js';
import { rejectUnknownOptions } from './options.js';

/**
 * @param {import('./heads/remote-head.js').RemoteHead} remote
 * @param {import('../checkpoint/head-file.js').HeadData} data
 * @param {{ baseModel?: string }} options as of `Head.saveAdapter`
 * @returns {Promise<Record<string, Uint8Array<ArrayBuffer>>>}
 */
export async function saveAdapter(remote, data, { baseModel, ...others }) {
  rejectUnknownOptions(others);
  if (baseModel !== undefined && typeof baseModel !== 'string')
    throw new BertletError('BAD_INPUT', 'baseModel is not a string: the name or path of the model for Python.');
  return remote.call('saveAdapter', { data, baseModel }, {});
}
