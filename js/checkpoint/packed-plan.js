// In how many bits each tensor of a converted model is written. Decision 16 says why.

/** @typedef {import('./model-writer.js').ModelTensor} ModelTensor */

/** Numbers that share a scale, in 6 and 8 bits: as many as in the core (BLOCK_I8 in src/kernels/kernels.h). */
const BLOCK = 384;

/** Numbers that share a factor, in 4 bits. */
const SMALL_BLOCK = 32;

/** What part of the word embeddings gets 6 bits, the first: vocabularies begin with the special tokens, and list pieces by how frequent they are. */
const FREQUENT = 0.1;

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
  if (shape.length !== 2 || !isLarge) return undefined;
  if (canonical !== 'embeddings.word_embeddings.weight')
    return { shape: [rows, columns], ranges: [{ rows, bits: 8, block: BLOCK }] };
  const frequent = Math.ceil(rows * FREQUENT);
  return {
    shape: [rows, columns],
    ranges: [
      { rows: frequent, bits: 6, block: BLOCK },
      { rows: rows - frequent, bits: 4, block: SMALL_BLOCK },
    ],
  };
}
