// Saves a model: checks what its user asks for, and has the worker write the files.
import { BertletError } from '../errors.js';
import { callOptions } from './call-options.js';
import { Head } from './heads/head.js';
import { checkChoice } from './options.js';

/**
 * @param {import('../rpc/connection.js').Caller} connection
 * @param {import('../types.js').ModelInfo} info
 * @param {{ head?: unknown, dtype?: import('../types.js').SaveDtype } & import('../types.js').TaskOptions} options as of `Model.save`
 * @returns {Promise<Record<string, Blob | Uint8Array<ArrayBuffer>>>}
 */
export async function saveModel(connection, { dtype: loaded }, { head, dtype = 'f32', ...options }) {
  checkChoice('dtype', dtype, ['f32', 'f16', 'int8'], 'UNSUPPORTED_DTYPE');
  if (loaded !== 'f32')
    throw new BertletError(
      'UNSUPPORTED_DTYPE',
      `The model was loaded with dtype '${loaded}', from whose numbers those of its files can't be made again. Load it with dtype 'f32' to save it.`,
    );
  const data = head === undefined ? undefined : Head.partsOf(head)?.data;
  if (head !== undefined && !data)
    throw new BertletError('BAD_INPUT', 'The option "head" is not a head, such as fit() and loadHead() give.');
  return connection.call('save', { head: data, dtype }, callOptions(options));
}
