// Decodes the bytes of files and of standard input, with errors that name the file and the line.
import { constants, isUtf8 } from 'node:buffer';
import { BertletError } from '../../errors.js';
import { foreignKind, singleByte } from './encoding.js';

/**
 * Decodes whole lines of UTF-8. A byte order mark at the start of the first line is dropped. Throws BAD_INPUT for other encodings, and
 * what is no text.
 * @param {Buffer} bytes
 * @param {string} name of the file, for messages
 * @param {number} firstLine number of the first line in `bytes`, from 1
 */
export function decode(bytes, name, firstLine = 1) {
  if (bytes.length > constants.MAX_STRING_LENGTH) throw tooLarge(name);
  const nul = bytes.indexOf(0);
  if (nul >= 0 || !isUtf8(bytes)) {
    const kind = firstLine === 1 ? foreignKind(bytes) : undefined;
    if (kind) throw new BertletError('BAD_INPUT', `${name}: this is ${kind}.`);
    const line = firstLine + (nul < 0 ? lineOfInvalidUtf8(bytes) : linesIn(bytes.subarray(0, nul)));
    const problem = nul < 0 ? `this is ${singleByte}` : 'this has a NUL byte, which text in UTF-8 never has';
    throw new BertletError('BAD_INPUT', `${name}, line ${line}: ${problem}.`);
  }
  const text = bytes.toString('utf8');
  return firstLine === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * BAD_INPUT for a text that is longer than a string can be.
 * @param {string} name of the file
 */
export const tooLarge = (name) =>
  new BertletError(
    'BAD_INPUT',
    `${name}: this has more than ${constants.MAX_STRING_LENGTH >> 20} MB, too much at once; split it into several files.`,
  );

/** Index of the first line that is not UTF-8, from 0. @param {Buffer} bytes */
function lineOfInvalidUtf8(bytes) {
  let line = 0;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

/** Number of line ends. @param {Buffer} bytes */
function linesIn(bytes) {
  let lines = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, end + 1)) lines++;
  return lines;
}
