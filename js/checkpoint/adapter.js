// A LoRA adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685) and how it changes the tensors of its model. Browsers fetch this
// file only to load an adapter, so files that are always fetched import nothing but its types.
import { BertletError } from '../errors.js';
import { toFloats } from './safetensors.js';

/** @typedef {import('./safetensors.js').FloatTensor} FloatTensor */

/** A change of one tensor. @typedef {import('../core/dense.js').Delta & { name: string }} Delta `name`: of the adapted module */

/**
 * @typedef {object} AdapterParts
 * @property {string} location URL or path of its weights, for messages
 * @property {string | undefined} taskType PEFT's task_type: SEQ_CLS, TOKEN_CLS, QUESTION_ANS, ...
 * @property {string[] | undefined} labels of its head, by index
 * @property {import('./head-settings.js').HeadSettings} settings of its head
 * @property {import('./head-settings.js').Learned} learned what else its head has
 * @property {boolean} ignoreTokenTypes whether it was trained with all token type ids 0, even those of a pair's second text
 * @property {Map<string, Delta>} deltas by the canonical name of the tensor that each changes
 * @property {Map<string, Map<number, Float32Array>>} rows that replace those of the base model's tensors, by canonical name and index
 * @property {Map<string, FloatTensor>} saved whole tensors, by canonical name: they replace the base model's or are added
 */

/** An adapter, which is not copied. */
export class Adapter {
  /** @param {AdapterParts} parts */
  constructor({ location, taskType, labels, settings, learned, ignoreTokenTypes, deltas, rows, saved }) {
    this.location = location;
    this.taskType = taskType;
    this.labels = labels;
    this.settings = settings;
    this.learned = learned;
    this.ignoreTokenTypes = ignoreTokenTypes;
    this.deltas = deltas;
    this.rows = rows;
    this.saved = saved;
  }

  /** Rows of the table of word embeddings that it brings, which may be more than the base model's; undefined: it brings none. */
  get vocabSize() {
    return this.saved.get('embeddings.word_embeddings.weight')?.shape[0];
  }

  /**
   * Throws BAD_ADAPTER unless each tensor that the adapter changes is in the model, with the same shape, or belongs to a head. A pooler
   * may be adapted even if no head reads it.
   * @param {(name: string) => number[] | undefined} shapeOf shape of the encoder's tensor of a canonical name; undefined if there is none
   * @param {Set<string>} headNames canonical names of the heads' tensors
   */
  check(shapeOf, headNames) {
    const { location, deltas, saved } = this;
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
          `${location} changes row ${index} of ${name} to one of ${values.length} numbers, but in the model it has shape [${count},${columns}]. ` +
            'Load the model that the adapter was trained on.',
        );
      }
    }
    for (const [name, shape] of shapes) {
      const expected = shapeOf(name);
      if (expected && String(expected) !== String(shape)) {
        throw new BertletError(
          'BAD_ADAPTER',
          `${location} changes ${name} as one of shape [${shape}], but in the model it has [${expected}]. ` +
            'Load the model that the adapter was trained on.',
        );
      }
      if (!expected && !headNames.has(name)) {
        throw new BertletError(
          'BAD_ADAPTER',
          `${location} changes ${name}, but the model has no such tensor. Load the model that the adapter was trained on.`,
        );
      }
    }
  }

  /**
   * The tensor that replaces the base model's, with the rows that the adapter replaces.
   * @param {string} name canonical
   * @returns {FloatTensor | undefined} not copied; undefined if it replaces no more than rows
   */
  replacementOf(name) {
    const tensor = this.saved.get(name);
    for (const [index, values] of (tensor && this.rows.get(name)) ?? [])
      tensor?.values.set(values, index * values.length);
    return tensor;
  }

  /**
   * Replaces rows of the base model's tensor while its bytes arrive.
   * @param {string} name canonical
   * @param {import('./safetensors.js').Tensor} tensor [rows][columns]
   * @param {string} location URL or path of the file, for messages
   * @param {(values: Float32Array) => void} write called with each row when it is whole
   * @returns {((bytes: Uint8Array) => void) | undefined} takes the tensor's bytes, cut anywhere; undefined if the adapter has no such rows
   */
  rowReplacer(name, { name: storedName, dtype, shape, begin, end }, location, write) {
    const rows = this.rows.get(name);
    if (!rows) return undefined;
    const whole = new Uint8Array((end - begin) / shape[0]);
    const rowTensor = { name: storedName, dtype, shape: [shape[1]], begin: 0, end: 0 };
    let filled = 0;
    let row = 0;
    return (bytes) => {
      while (bytes.length > 0) {
        const part = bytes.subarray(0, whole.length - filled);
        whole.set(part, filled);
        filled += part.length;
        bytes = bytes.subarray(part.length);
        if (filled < whole.length) return;
        write(rows.get(row++) ?? toFloats(rowTensor, whole, location).values);
        filled = 0;
      }
    };
  }

  /**
   * Merges the adapter into the tensors of heads. (Tensors of the encoder are merged by the core, while they are read.)
   * @param {Map<string, FloatTensor>} tensors in and out: by canonical name
   * @param {Set<string>} headNames canonical names of the heads' tensors
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
 * values += scale . B . A
 * @param {Float32Array} values in and out: [rows][columns]
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
