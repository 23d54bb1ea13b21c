// A LoRA adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685) and what it does to the tensors of its model. Only who loads an
// adapter fetches this file: others name its types.
import { BertletError } from '../errors.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */

/**
 * W += scale . B . A
 * @typedef {object} Delta
 * @property {string} name of the adapter's module, for messages
 * @property {Float32Array} a [rank][columns]
 * @property {Float32Array} b [rows][rank]
 * @property {number} rank
 * @property {number} rows
 * @property {number} columns
 * @property {number} scale
 */

/**
 * @typedef {object} AdapterParts
 * @property {string} where path or URL of its weights, for messages
 * @property {string | undefined} taskType PEFT's: SEQ_CLS, TOKEN_CLS, QUESTION_ANS, ...
 * @property {string[] | undefined} labels of its head, by index
 * @property {'mean' | undefined} pooling of the tokens, which its classifier of texts reads without the pooler; undefined: the head of its class
 * @property {boolean} segments whether it was trained with token type ids that tell the texts of a pair apart
 * @property {Map<string, Delta>} deltas by the canonical name of the tensor that they change
 * @property {Map<string, Map<number, Float32Array>>} rows that replace those of the base model's tensors, by canonical name and index
 * @property {Map<string, FloatTensor>} saved tensors that replace the base model's or join them, by canonical name
 */

export class Adapter {
  /** @param {AdapterParts} parts */
  constructor({ where, taskType, labels, pooling, segments, deltas, rows, saved }) {
    this.where = where;
    this.taskType = taskType;
    this.labels = labels;
    this.pooling = pooling;
    this.segments = segments;
    this.deltas = deltas;
    this.rows = rows;
    this.saved = saved;
  }

  /** Rows of the table of word embeddings that it brings, which may be more than the base model's; undefined: it brings none. */
  get vocabSize() {
    return this.saved.get('embeddings.word_embeddings.weight')?.shape[0];
  }

  /**
   * Throws BAD_ADAPTER unless every tensor of the adapter has its place in the model, with the same shape. A pooler that nothing reads
   * may be adapted as well.
   * @param {(name: string) => number[] | undefined} shapeOf of the model's tensors; undefined: it has none of that name
   * @param {Set<string>} headNames canonical names of the tensors of heads
   */
  check(shapeOf, headNames) {
    const { where, deltas, saved } = this;
    /** @type {[name: string, shape: number[]][]} */
    const shapes = [];
    for (const [name, { rows, columns }] of deltas) shapes.push([name, [rows, columns]]);
    for (const [name, { shape }] of saved) shapes.push([name, shape]);
    for (const [name, rows] of this.rows) {
      const [count = 0, columns = 0] = shapeOf(name) ?? [];
      for (const [index, values] of rows) {
        if (index < count && values.length === columns) continue;
        throw new BertletError(
          'BAD_ADAPTER',
          `${where} changes row ${index} of ${name} to one of ${values.length} numbers, but in the model it has shape [${count},${columns}]. ` +
            'Load the model that the adapter was trained on.',
        );
      }
    }
    for (const [name, shape] of shapes) {
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
   * Merges the adapter into the tensors of heads, which are in memory as a whole. (Those of the encoder the core merges row by row.)
   * @param {Map<string, FloatTensor>} tensors by canonical name, changed in place
   * @param {Set<string>} headNames canonical names of the tensors of heads
   */
  mergeHeads(tensors, headNames) {
    for (const [name, tensor] of this.saved) if (headNames.has(name)) tensors.set(name, tensor);
    for (const [name, delta] of this.deltas) {
      const tensor = tensors.get(name);
      if (tensor) addProduct(tensor.values, delta);
    }
  }
}

/**
 * values [rows][columns] += scale . B . A
 * @param {Float32Array} values
 * @param {Delta} delta
 */
function addProduct(values, { a, b, rank, rows, columns, scale }) {
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < rank; i++) {
      const factor = scale * b[row * rank + i];
      for (let column = 0; column < columns; column++)
        values[row * columns + column] += factor * a[i * columns + column];
    }
}
