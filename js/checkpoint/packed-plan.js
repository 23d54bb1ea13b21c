// In how many bits each tensor of a converted model is written. Decision 16 says why.

/** @typedef {import('./model-writer.js').ModelTensor} ModelTensor */

/** Numbers that share a scale, in 6 and 8 bits: as many as in the core (BLOCK_I8 in src/kernels/kernels.h). */
const BLOCK = 384;

/** Numbers that share a factor, in 4 bits. */
const SMALL_BLOCK = 32;

/** What part of the word embeddings gets 6 bits, the first: vocabularies begin with the special tokens, and list pieces by how frequent they are. */
const FREQUENT = 0.1;

/** Pieces that no text has. BERT's vocabularies have a thousand of them at their beginning. */
const UNUSED = /^\[unused\d+\]$/;

/** In how many ranges unused pieces are told from others: ranges come in the order of their names in the file, and 10 would come before 2. */
const MOST_RANGES = 8;

/** Matrices of fewer rows are a few numbers: of token types. */
const FEWEST_ROWS = 16;

/** A head's layer is small beside the encoder, and read as it is; but a pooler, or a decoder of masked words, is not small. */
const FEWEST_OF_HEAD = 2 ** 16;

/**
 * How a tensor is packed for int8.
 * @param {ModelTensor} tensor
 * @param {readonly string[]} pieces of the vocabulary, by the row of their embeddings
 * @returns {import('./packed.js').Packing | undefined} undefined: it stays in F16
 */
export function packingOf({ shape, canonical }, pieces) {
  const [rows, columns = 0] = shape;
  const isLarge = canonical ? rows >= FEWEST_ROWS : rows * columns >= FEWEST_OF_HEAD;
  if (shape.length !== 2 || !isLarge) return undefined;
  if (canonical !== 'embeddings.word_embeddings.weight')
    return { shape: [rows, columns], ranges: [{ rows, bits: 8, block: BLOCK }] };
  return { shape: [rows, columns], ranges: rangesOfWords(rows, pieces) };
}

/**
 * @param {number} rows
 * @param {readonly string[]} pieces
 */
function rangesOfWords(rows, pieces) {
  /** @type {import('./packed.js').Range[]} */
  const ranges = [];
  let left = Math.ceil(rows * FREQUENT);
  for (let row = 0; row < rows; row++) {
    const isFine = left > 0 && !(ranges.length < MOST_RANGES && UNUSED.test(pieces[row]));
    if (isFine) left -= 1;
    const bits = isFine ? 6 : 4;
    const last = ranges.at(-1);
    if (last?.bits === bits) last.rows += 1;
    else ranges.push({ rows: 1, bits, block: isFine ? BLOCK : SMALL_BLOCK });
  }
  return ranges;
}
