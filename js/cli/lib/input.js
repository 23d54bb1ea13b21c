// Reads the texts that a command works on, which are lines of a file or of standard input. They are handed on as they arrive, so that
// memory stays small and a pipe gets results at once.
import { createReadStream, fstatSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { decode } from './files.js';
import { splitLines } from './lines.js';

/** Texts of a batch: enough to keep all threads busy. */
const batchSize = 256;

/** @typedef {import('../../types.js').TextInput} TextInput */

/**
 * @template {TextInput} T
 * @typedef {object} Batch
 * @property {T[]} texts 1 to 256
 * @property {number} line of the first text, from 1
 * @property {string} name of the file, for messages
 */

/**
 * Reads a file, or standard input if `file` is missing or "-", in batches of texts, one per line. With `json` each line is a JSON string, so
 * that a text may hold line ends, or, with `pairs`, also {"text": ..., "text_pair": ...}. Throws FILE_NOT_FOUND, FILE_ACCESS or BAD_INPUT.
 * @template {boolean} [P=false]
 * @param {string | undefined} file
 * @param {{ json: boolean, pairs?: P, signal: AbortSignal }} options
 * @returns {AsyncGenerator<Batch<P extends true ? TextInput : string>, void, void>}
 */
export async function* readTexts(file, { json, pairs, signal }) {
  const fromStdin = file === undefined || file === '-';
  const name = fromStdin ? 'standard input' : file;
  if (fromStdin && process.stdin.isTTY) {
    process.stderr.write('bertlet: type texts, one per line; Ctrl-D ends.\n');
  }
  // Node would read a folder as an empty input.
  if (fromStdin && fstatSync(0).isDirectory())
    throw new BertletError('BAD_INPUT', `${name}: this is a folder, not a file.`);
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
 * Reads a stream by lines: gives those that are complete, each time bytes arrive.
 * @param {import('node:stream').Readable} stream
 * @param {string} name
 * @returns {AsyncGenerator<string[], void, void>}
 */
async function* readLines(stream, name) {
  /** Bytes of a line that is not complete. @type {Buffer[]} */
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
 * The text or pair of a JSON line. Throws BAD_INPUT.
 * @param {string} json
 * @param {string} location file and line, for messages
 * @param {boolean} pairs
 * @returns {TextInput}
 */
function parseText(json, location, pairs) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    // What is not JSON is reported below, as any other value that is not a text.
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
    `${location}: with --json each line must be one JSON string, such as "a text"${object}.`,
  );
}
