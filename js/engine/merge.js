// Merges an adapter into a weight that is read piece by piece.
import { piecesOf } from './tensor-pieces.js';

/** @typedef {import('./tensor-pieces.js').Piece} Piece */
/** @typedef {import('../core/dense.js').Delta} Delta */

/**
 * A weight with an adapter merged, by the very operations of the core (src/model/writer.c).
 * @param {import('./tensor-pieces.js').CoreModel} of
 * @param {number} tensor the core's number for it
 * @param {Delta} delta
 * @returns {Generator<Piece, void>} copies
 */
export function* mergedPieces(of, tensor, delta) {
  for (const { begin, end, values: view } of piecesOf(of, tensor)) {
    const piece = { begin, end, values: view.slice() };
    merge(piece, delta);
    yield piece;
  }
}

/**
 * Merges an adapter into rows of a weight.
 * @param {Piece} piece changed
 * @param {Delta} delta
 */
export function merge({ begin, end, values }, { a, b, rank, scale, columns }) {
  const floatScale = Math.fround(scale);
  for (let row = begin; row < end; row++)
    for (let i = 0; i < rank; i++) {
      const factor = Math.fround(floatScale * b[row * rank + i]);
      for (let column = 0; column < columns; column++)
        values[(row - begin) * columns + column] += Math.fround(factor * a[i * columns + column]);
    }
}
