// Writes a model as a folder that `transformers` and sentence-transformers open. Only who saves one fetches this file.
import { planModel } from '../checkpoint/model-writer.js';
import { writeHeader } from '../checkpoint/safetensors-writer.js';
import { TENSOR_NAME_BYTES } from '../core/abi.js';
import { createPause } from '../rpc/progress.js';
import { writeTokenizerFiles } from '../tokenize/tokenizer-files.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../core/dense.js').Delta} Delta */
/** @typedef {import('../checkpoint/head-file.js').HeadData} HeadData */

/** How many bytes of weights are copied at a time. */
const PIECE_BYTES = 2 ** 20;

/** How the names of those classes of `transformers` end whose heads are written, all or what is of use. */
const KNOWN = ['SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'PreTraining'];

/** @typedef {{ index: number, name: string, rows: number, columns: number }} EncoderTensor */

/**
 * The files of a model, with its head or another one, whose adapter is merged into them.
 * @param {Engine} engine of an f32 model
 * @param {{ head?: HeadData }} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<Record<string, Blob | Uint8Array>>} by name: the weights as a Blob, which a browser keeps outside this thread's memory, the
 *   others as bytes. Rejects with BAD_INPUT for a head that no files of Python's libraries describe
 */
export async function saveModel(engine, { head: given }, context) {
  const { config, configJson, extras, tokenizer } = engine;
  const { maskedHead, sentencePipeline: pipeline } = extras;
  const stored = new Map(extras.headTensors);
  const [weight, bias] = ['weight', 'bias'].map((part) => stored.get(`pooler.dense.${part}`)?.values);
  const pooler = weight && bias && { weight, bias }; // which not every head reads
  const head = given ?? extras.head;
  const encoder = encoderTensors(engine);
  const shapes = encoder.map(({ name, rows, columns }) => ({ name, shape: rows === 1 ? [columns] : [rows, columns] }));
  const { files, tensors } = planModel({
    configJson,
    config,
    encoder: shapes,
    head,
    maskedHead,
    pooler,
    pipeline,
  });
  const lost = /For(\w+)$/.exec(String(/** @type {any} */ (configJson).architectures?.[0]))?.[1];
  if (lost && !given && !KNOWN.includes(lost))
    context.emit({
      warning: `The checkpoint's head for ${lost}, which bertlet does not have, is not among what was saved.`,
    });
  const byName = new Map(encoder.map((tensor) => [tensor.name, tensor]));
  const pause = createPause(context);
  const pieces = [new Blob([writeHeader(tensors, { format: 'pt' })])];
  for (const { values, canonical = '' } of tensors) {
    if (values) {
      pieces.push(new Blob([asBytes(values)]));
      continue;
    }
    const tensor = /** @type {EncoderTensor} */ (byName.get(canonical));
    const rows = Math.max(1, Math.floor(PIECE_BYTES / (4 * tensor.columns)));
    for (let begin = 0; begin < tensor.rows; begin += rows) {
      const end = Math.min(begin + rows, tensor.rows);
      pieces.push(new Blob([asBytes(readRows(engine, tensor, begin, end, head?.network.lora?.get(canonical)))]));
      await pause();
    }
  }
  const { family, maxPositions: maxTokens, typeVocabSize } = config;
  return {
    ...files,
    ...writeTokenizerFiles(tokenizer, { modelType: family.modelType, maxTokens, hasTypes: typeVocabSize > 0 }),
    'model.safetensors': new Blob(pieces),
  };
}

/** The encoder's tensors, in the core's order. @param {Engine} engine @returns {EncoderTensor[]} */
function encoderTensors({ core, model }) {
  const at = core.scratch(TENSOR_NAME_BYTES);
  return Array.from({ length: core.fn.tensor_count(model) }, (_, index) => {
    const length = core.fn.tensor_name(model, index, at);
    return {
      index,
      name: String.fromCharCode(...core.bytes(at, length)),
      rows: core.fn.tensor_rows(model, index),
      columns: core.fn.tensor_columns(model, index),
    };
  });
}

/**
 * Rows of a tensor, with an adapter merged into them by the very operations of the core (src/model/writer.c).
 * @param {Engine} engine
 * @param {EncoderTensor} tensor
 * @param {number} begin
 * @param {number} end
 * @param {Delta} [delta]
 * @returns {Float32Array} [end - begin][columns], a copy
 */
function readRows({ core, model, extras }, { index, name, columns }, begin, end, delta) {
  const address = core.scratch(4 * (end - begin) * columns);
  // An adapter that was trained without token types has made them all one.
  const oneType = extras.ignoreTokenTypes && name === 'embeddings.token_type_embeddings.weight';
  if (oneType) for (let i = 0; i < end - begin; i++) core.fn.tensor_read(model, index, 0, 1, address + 4 * i * columns);
  else core.fn.tensor_read(model, index, begin, end, address);
  const rows = core.floats(address, (end - begin) * columns).slice();
  if (!delta) return rows;
  const { a, b, rank, scale } = delta;
  const floatScale = Math.fround(scale);
  for (let row = begin; row < end; row++)
    for (let i = 0; i < rank; i++) {
      const factor = Math.fround(floatScale * b[row * rank + i]);
      for (let column = 0; column < columns; column++)
        rows[(row - begin) * columns + column] += Math.fround(factor * a[i * columns + column]);
    }
  return rows;
}

/** A view: WebAssembly and files have the same order of bytes, and so has every engine's Float32Array. @param {Float32Array} values */
const asBytes = (values) =>
  /** @type {Uint8Array<ArrayBuffer>} */ (new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
