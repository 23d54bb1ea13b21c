// Decodes the bytes of files and of standard input, with errors that name the file and the line.
import { isUtf8 } from 'node:buffer';
import { BertletError } from '../../errors.js';

/** Byte order marks of UTF-16, in hexadecimal. */
const utf16Marks = ['fffe', 'feff'];

const remedy = 'Save it as UTF-8 and try again.';

/**
 * Decodes whole lines of UTF-8. A byte order mark at the start of the first line is dropped. Throws BAD_INPUT for other encodings.
 * @param {Buffer} bytes
 * @param {string} name of the file, for messages
 * @param {number} firstLine number of the first line in `bytes`, from 1
 */
export function decode(bytes, name, firstLine = 1) {
  if (!isUtf8(bytes)) {
    const isUtf16 = firstLine === 1 && utf16Marks.includes(bytes.toString('hex', 0, 2));
    const problem = isUtf16 ? ' is UTF-16' : `, line ${firstLine + lineOfInvalidUtf8(bytes)}: this is not UTF-8`;
    throw new BertletError('BAD_INPUT', `${name}${problem}. ${remedy}`);
  }
  // UTF-16 of ASCII text without a byte order mark is valid UTF-8, but every other byte is 0, which no text has.
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    const line = firstLine + linesIn(bytes.subarray(0, nul));
    throw new BertletError('BAD_INPUT', `${name}, line ${line}: this has a NUL byte, as UTF-16 has. ${remedy}`);
  }
  const text = bytes.toString('utf8');
  return firstLine === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
}

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

/**
 * The lines of a text, without "\n" or "\r\n". Text after the last line end is a line, too.
 * @param {string} text
 * @returns {string[]}
 */
export function splitLines(text) {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
