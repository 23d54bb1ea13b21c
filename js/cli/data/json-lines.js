// JSON Lines: an object a line.
import { splitLines } from '../lib/files.js';
import { badLine } from './bad-data.js';

/**
 * @param {string} text
 * @param {string} path
 * @param {string} shape what an object looks like
 * @returns {{ value: any, line: number }[]} of the lines that are not empty; `value` may be anything
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
