// Examples that come with the page, see demo/public/data/README.md.
import { parseLines } from './parse-lines.js';

/**
 * @param {string} name of the file, without .tsv
 * @param {AbortSignal} signal
 * @returns {Promise<import('./types.js').Labelled[]>}
 */
export async function fetchExamples(name, signal) {
  const path = `data/${name}.tsv`;
  const response = await fetch(path, { signal });
  if (!response.ok) throw new Error(`${path} could not be fetched (HTTP ${response.status}).`);
  return parseLines(await response.text()).examples;
}
