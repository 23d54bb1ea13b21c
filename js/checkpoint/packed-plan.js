// In how many bits each tensor of a converted model is written.

/** @typedef {import('./model-writer.js').ModelTensor} ModelTensor */

/** Numbers that share an offset: of 4 bits; of 8 as many as share one in the core (BLOCK_I8 in src/kernels/kernels.h). */
const BLOCK_4 = 32;
const BLOCK_8 = 384;

/** Matrices of fewer rows are a few numbers: of token types. */
const FEWEST_ROWS = 16;

/** A head's layer is small beside the encoder, and read as it is; but a pooler, or a decoder of masked words, is not small. */
const FEWEST_OF_HEAD = 2 ** 16;

/**
 * How a tensor is packed for int8.
 * @param {ModelTensor} tensor
 * @returns {import('./packed.js').Packing | undefined} undefined: it stays in F16
 */
export function packingOf({ shape, canonical }) {
  const [rows, columns = 0] = shape;
  const isLarge = canonical ? rows >= FEWEST_ROWS : rows * columns >= FEWEST_OF_HEAD;
  if (shape.length !== 2 || columns % 2 !== 0 || !isLarge) return undefined;
  const isWords = canonical === 'embeddings.word_embeddings.weight';
  return { bits: isWords ? 4 : 8, block: isWords ? BLOCK_4 : BLOCK_8, shape: [rows, columns] };
}
