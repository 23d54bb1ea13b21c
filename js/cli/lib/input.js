// The texts that a command works on: lines of a file or of standard input, read as they come, so that memory stays small
// and a pipe sees results at once.
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { decode, splitLines } from './files.js';

/** Texts that are worked on together: enough to keep all threads busy. */
const batchSize = 256;

/** @typedef {import('../../types.js').TextInput} TextInput */

/**
 * @template {TextInput} T
 * @typedef {object} Batch
 * @property {T[]} texts 1 .. 256 of them
 * @property {number} line where the first one stands, from 1
 * @property {string} name of the file
 */

/**
 * Batches of the texts in a file, or in standard input when `file` is missing or "-". One text a line; with `json` each
 * line is a JSON string, which may hold line ends, or, with `pairs`, an object with a text and what it is paired with.
 * @template {boolean} [P=false]
 * @param {string | undefined} file
 * @param {{ json: boolean, pairs?: P, signal: AbortSignal }} options
 * @returns {AsyncGenerator<Batch<P extends true ? TextInput : string>, void, void>}
 */
export async function* readTexts(file, { json, pairs, signal }) {
  const fromStdin = file === undefined || file === '-';
  const name = fromStdin ? 'standard input' : file;
  if (fromStdin && process.stdin.isTTY) {
    process.stderr.write('bertlet: type texts, one a line; Ctrl-D ends.\n');
  }
  const stream = addAbortSignal(signal, fromStdin ? process.stdin : createReadStream(file));
  let line = 1;
  for await (const lines of readLines(stream, name)) {
    for (let start = 0; start < lines.length; start += batchSize) {
      const batch = lines.slice(start, start + batchSize);
      const texts = json ? batch.map((text, i) => parseText(text, `${name}, line ${line + i}`, pairs === true)) : batch;
      yield { texts: /** @type {any[]} */ (texts), line, name };
      line += batch.length;
    }
  }
}

/**
 * The lines that are complete, each time bytes arrive.
 * @param {import('node:stream').Readable} stream
 * @param {string} name
 * @returns {AsyncGenerator<string[], void, void>}
 */
async function* readLines(stream, name) {
  /** @type {Buffer[]} bytes of a line that is not complete */
  let pending = [];
  let line = 1;
  /** @param {Buffer} bytes */
  const lines = (bytes) => {
    const found = splitLines(decode(bytes, name, line));
    line += found.length;
    return found;
  };
  try {
    for await (const chunk of stream) {
      const end = chunk.lastIndexOf(0x0a) + 1;
      if (end > 0) {
        yield lines(Buffer.concat([...pending, chunk.subarray(0, end)]));
        pending = [];
      }
      if (end < chunk.length) pending.push(chunk.subarray(end));
    }
  } catch (error) {
    throw fileError(error, name);
  }
  if (pending.length > 0) yield lines(Buffer.concat(pending));
}

/**
 * @param {string} json
 * @param {string} where
 * @param {boolean} pairs
 * @returns {TextInput}
 */
function parseText(json, where, pairs) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    // reported below, like every other value that is no text
  }
  if (typeof value === 'string') return value;
  if (pairs) {
    const { text, textPair, text_pair: pair = textPair } = value ?? {};
    if (typeof text === 'string' && pair === undefined) return { text };
    if (typeof text === 'string' && typeof pair === 'string') return { text, textPair: pair };
  }
  const object = pairs ? ', or {"text": "…", "text_pair": "…"}' : '';
  throw new BertletError(
    'BAD_INPUT',
    `${where}: with --json each line must be one JSON string, such as "a text"${object}.`,
  );
}
