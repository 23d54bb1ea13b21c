// The head that a call of the model is given.
import { BertletError } from '../../errors.js';
import { Head } from './head.js';

/**
 * The number of a head in the worker of a connection. Throws BAD_INPUT if it is no head, or one of another model.
 * @param {unknown} head
 * @param {import('../../rpc/connection.js').Caller} connection
 * @returns {number | undefined} undefined if there is no head
 */
export function numberOf(head, connection) {
  if (head === undefined) return undefined;
  const remote = Head.partsOf(head)?.remote;
  if (remote?.isOf(connection)) return remote.number;
  throw new BertletError('BAD_INPUT', 'head is not a head of this model. Give one that its fit() or loadHead() made.');
}
