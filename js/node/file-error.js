// Errors of the file system as BertletErrors.
import { BertletError } from '../errors.js';

/** What the system's codes mean. @type {Record<string, [code: import('../errors.js').ErrorCode, meaning: string]>} */
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
 * A BertletError for an error of the file system.
 * @param {unknown} error
 * @param {string} name of the file
 * @returns {unknown} a BertletError with FILE_NOT_FOUND, FILE_ACCESS or BAD_INPUT; `error` itself if it is not of the file system
 */
export function fileError(error, name) {
  const system = /** @type {NodeJS.ErrnoException} */ (error);
  if (!(system instanceof Error) || system.syscall === undefined) return error;
  const [code, meaning] = systemErrors[system.code ?? ''] ?? ['FILE_ACCESS', system.message];
  return new BertletError(code, `${name}: ${meaning}.`, { cause: error });
}

/**
 * For `catch`: a value in place of a file or folder that does not exist; other errors are thrown.
 * @template T
 * @param {T} instead
 * @returns {(error: NodeJS.ErrnoException) => T}
 */
export const absent = (instead) => (error) => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
  throw error;
};
