// Errors about a file of examples, which name the file and the line.
import { BertletError } from '../../errors.js';

/**
 * BAD_DATA for a line.
 * @param {string} path
 * @param {number} line from 1
 * @param {string} problem
 */
export function badLine(path, line, problem) {
  return new BertletError('BAD_DATA', `${path}, line ${line}: ${problem}.`);
}

/**
 * BAD_DATA for a file as a whole.
 * @param {string} path
 * @param {string} problem
 */
export function badFile(path, problem) {
  return new BertletError('BAD_DATA', `${path}: ${problem}.`);
}
