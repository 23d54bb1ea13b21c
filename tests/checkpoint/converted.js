// What the tests of converted files share with what makes their fixtures.
import { METADATA_KEY } from '../../js/base/converted.js';
import { packMatrix } from '../../js/checkpoint/packed-writer.js';
import { writeHeader } from '../../js/checkpoint/safetensors-writer.js';
import { parseFile } from './written.js';

/** All widths of codes, rows that end within a block, and an odd number of blocks. @type {import('../../js/checkpoint/packed.js').Range[]} */
export const RANGES = [
  { rows: 3, bits: 8, block: 384 },
  { rows: 4, bits: 6, block: 384 },
  { rows: 5, bits: 4, block: 32 },
];

/** Packs the matrix `original` of a safetensors file, a few rows at a time. @returns {Promise<Uint8Array>} a safetensors file */
export async function packedMatrix(file) {
  const { shape, values } = parseFile(file).get('original');
  const pieces = [0, 2, 7].map((row, i, rows) => values.slice(row * shape[1], (rows[i + 1] ?? shape[0]) * shape[1]));
  const stored = await packMatrix('matrix', { shape, ranges: RANGES }, pieces, async () => {});
  stored.sort((a, b) => (a.dtype === b.dtype ? (a.name < b.name ? -1 : 1) : a.dtype === 'F32' ? -1 : 1));
  const described = { version: 1, packed: { matrix: { shape, ranges: RANGES } }, hashes: {} };
  const header = writeHeader(stored, { [METADATA_KEY]: JSON.stringify(described) });
  return new Uint8Array(await new Blob([header, ...stored.flatMap(({ parts }) => parts)]).arrayBuffer());
}
