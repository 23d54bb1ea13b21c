// Reads JSON Lines: a JSON value per line.
import { splitLines } from '../lib/lines.js';
import { badLine } from './bad-data.js';

/**
 * The values of the lines that are not empty. Throws BAD_DATA for a line that is not JSON.
 * @param {string} text
 * @param {string} path
 * @param {string} shape what a line should look like, for messages
 * @returns {{ value: any, line: number }[]} `value`: not checked; `line`: from 1
 */
export function readJsonLines(text, path, shape) {
  return splitLines(text).flatMap((json, index) => {
    if (json.trim() === '') return [];
    const line = index + 1;
    try {
      return [{ value: JSON.parse(json), line }];
    } catch {
      throw badLine(path, line, `this is not JSON; each line must be one object, ${shape}`);
    }
  });
}
