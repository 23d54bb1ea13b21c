// Writes a model as a folder that `transformers` and sentence-transformers open. Only who saves one fetches this file.
import { planModel } from '../checkpoint/model-writer.js';
import { writeHeader } from '../checkpoint/safetensors-writer.js';
import { tensorsOf } from '../core/tensors.js';
import { merge } from '../engine/merge.js';
import { piecesOf } from '../engine/tensor-pieces.js';
import { createPause } from '../rpc/progress.js';
import { writeTokenizerFiles } from '../tokenize/tokenizer-files.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../checkpoint/head-file.js').HeadData} HeadData */

/** How many bytes of weights are copied at a time. */
const PIECE_BYTES = 2 ** 20;

/** How the names of those classes of `transformers` end whose heads are written, all or what is of use. */
const KNOWN = ['SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'PreTraining'];

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
  const lora = head?.network.lora;
  const encoder = tensorsOf(engine.core, engine.model);
  const { files, tensors } = planModel({
    configJson,
    config,
    encoder: [...encoder].map(([name, { shape }]) => ({ name, shape })),
    head: head?.task === 'sentence-similarity' ? undefined : head, // it is in the encoder's weights
    maskedHead,
    pooler,
    pipeline,
  });
  const lost = /For(\w+)$/.exec(String(/** @type {any} */ (configJson).architectures?.[0]))?.[1];
  if (lost && !given && !KNOWN.includes(lost))
    context.emit({
      warning: `The checkpoint's head for ${lost}, which bertlet does not have, is not among what was saved.`,
    });
  const pause = createPause(context);
  const pieces = [new Blob([writeHeader(tensors, { format: 'pt' })])];
  for (const { values, canonical = '' } of tensors) {
    if (values) {
      pieces.push(new Blob([asBytes(values)]));
      continue;
    }
    const { index } = /** @type {import('../core/tensors.js').CoreTensor} */ (encoder.get(canonical));
    const delta = lora?.get(canonical);
    for (const { begin, end, values: view } of piecesOf(engine, index, undefined, PIECE_BYTES)) {
      const rows = view.slice();
      // An adapter that was trained without token types has made them all one.
      if (extras.ignoreTokenTypes && canonical === 'embeddings.token_type_embeddings.weight')
        for (let row = 1; row < end; row++) rows.copyWithin(row * config.embeddingSize, 0, config.embeddingSize);
      if (delta) merge({ begin, end, values: rows }, delta);
      pieces.push(new Blob([asBytes(rows)]));
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

/** A view: WebAssembly and files have the same order of bytes, and so has every engine's Float32Array. @param {Float32Array} values */
const asBytes = (values) =>
  /** @type {Uint8Array<ArrayBuffer>} */ (new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
