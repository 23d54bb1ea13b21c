// Failures of the file system as BertletErrors.
import { BertletError } from '../errors.js';

/** @type {Record<string, [code: import('../errors.js').ErrorCode, words: string]>} */
const systemErrors = {
  ENOENT: ['FILE_NOT_FOUND', 'there is no such file'],
  ENOTDIR: ['FILE_NOT_FOUND', 'there is no such file'],
  EISDIR: ['BAD_INPUT', 'this is a folder, not a file'],
  EACCES: ['FILE_ACCESS', 'you may not open this file'],
  EPERM: ['FILE_ACCESS', 'you may not open this file'],
  EROFS: ['FILE_ACCESS', 'this place is read-only'],
  ENOSPC: ['FILE_ACCESS', 'no space is left on the device'],
};

/**
 * A failure of the file system in words.
 * @param {unknown} error
 * @param {string} name the file
 * @returns {unknown} the error itself when it is none
 */
export function fileError(error, name) {
  const system = /** @type {NodeJS.ErrnoException} */ (error);
  if (!(system instanceof Error) || system.syscall === undefined) return error;
  const [code, words] = systemErrors[system.code ?? ''] ?? ['FILE_ACCESS', system.message];
  return new BertletError(code, `${name}: ${words}.`, { cause: error });
}
