// A file of examples as text.
import { foreignKind, singleByte } from '../../js/cli/lib/encoding.js';

/**
 * @param {Blob & { name: string }} file
 * @returns {Promise<{ text: string, problem?: string }>} without a byte order mark; `problem`: what the file is if it is no text in UTF-8
 */
export async function textOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const refused = (/** @type {string} */ what) => ({ text: '', problem: `${file.name} is ${what}.` });
  const isBinary = bytes.includes(0);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isBinary ? refused(foreignKind(bytes) ?? 'a binary file, not text') : { text };
  } catch {
    return refused(foreignKind(bytes) ?? singleByte);
  }
}
