// What an adapter does to the tensors of its model, beside those that the core merges row by row.
import { BertletError } from '../errors.js';

/** @typedef {import('./adapter.js').Adapter} Adapter */
/** @typedef {import('./adapter.js').Delta} Delta */
/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */

/**
 * Every tensor of an adapter must have its place. A pooler that nothing reads may be adapted as well.
 * @param {Adapter} adapter
 * @param {(name: string) => number[] | undefined} shapeOf a tensor of the model; undefined: it has none of that name
 * @param {Set<string>} headNames
 */
export function checkAdapter({ deltas, saved, where }, shapeOf, headNames) {
  /** @type {[name: string, shape: number[]][]} */
  const parts = [];
  for (const [name, { rows, columns }] of deltas) parts.push([name, [rows, columns]]);
  for (const [name, { shape }] of saved) parts.push([name, shape]);
  for (const [name, shape] of parts) {
    const expected = shapeOf(name);
    if (expected && String(expected) !== String(shape)) {
      throw new BertletError(
        'BAD_ADAPTER',
        `${where} changes ${name} as one of shape [${shape}], but in the model it has [${expected}]. ` +
          'Load the model that the adapter was trained on.',
      );
    }
    if (!expected && !headNames.has(name) && !name.startsWith('pooler.')) {
      throw new BertletError(
        'BAD_ADAPTER',
        `${where} changes ${name}, but the model has no such tensor. Load the model that the adapter was trained on.`,
      );
    }
  }
}

/**
 * Merges an adapter into a tensor that is in memory as a whole.
 * @param {FloatTensor} tensor
 * @param {Delta} delta
 */
export function applyDelta({ values }, { a, b, rank, rows, columns, scale }) {
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < rank; i++) {
      const factor = scale * b[row * rank + i];
      for (let column = 0; column < columns; column++)
        values[row * columns + column] += factor * a[i * columns + column];
    }
}
