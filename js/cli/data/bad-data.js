// Errors that say where in a file the problem is.
import { BertletError } from '../../errors.js';

/**
 * @param {string} path
 * @param {number} line from 1
 * @param {string} problem
 */
export function badLine(path, line, problem) {
  return new BertletError('BAD_DATA', `${path}, line ${line}: ${problem}.`);
}

/**
 * @param {string} path
 * @param {string} problem
 */
export function badFile(path, problem) {
  return new BertletError('BAD_DATA', `${path}: ${problem}.`);
}
