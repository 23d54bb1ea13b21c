// Writes a model as a folder that `transformers` and sentence-transformers open, or, in few bits, bertlet. Only who saves one fetches this file.
import { CONVERTED } from '../base/converted.js';
import { planModel } from '../checkpoint/model-writer.js';
import { hashesOf } from '../checkpoint/packed.js';
import { writeWeights } from '../checkpoint/weights-writer.js';
import { tensorsOf } from '../core/tensors.js';
import { merge } from '../engine/merge.js';
import { BertletError } from '../errors.js';
import { piecesOf } from '../engine/tensor-pieces.js';
import { createPause } from '../rpc/progress.js';
import { writeTokenizerFiles } from '../tokenize/tokenizer-files.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../checkpoint/head-file.js').HeadData} HeadData */

/** How many bytes of weights are copied at a time. */
const PIECE_BYTES = 2 ** 20;

const TYPES = 'embeddings.token_type_embeddings.weight';

/** How the names of those classes of `transformers` end whose heads are written, all or what is of use. */
const KNOWN = ['SequenceClassification', 'TokenClassification', 'QuestionAnswering', 'MaskedLM', 'PreTraining'];

/**
 * The files of a model, with its head or another one, whose adapter is merged into them.
 * @param {Engine} engine of an f32 model
 * @param {{ head?: HeadData, dtype?: import('../types.js').SaveDtype }} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<Record<string, Blob | Uint8Array>>} by name: the weights as a Blob, which a browser keeps outside this thread's memory, the
 *   others as bytes. Rejects with HEAD_MODEL_MISMATCH for a head of other weights, BAD_INPUT for one that no files of Python's libraries describe, UNSUPPORTED_DTYPE for weights beyond
 *   what `dtype` has
 */
export async function saveModel(engine, { head: given, dtype = 'f32' }, context) {
  const { config, configJson, extras, tokenizer, fingerprint } = engine;
  if (given && given.fingerprint !== fingerprint)
    throw new BertletError(
      'HEAD_MODEL_MISMATCH',
      `The head was trained on ${given.baseModel} (fingerprint ${given.fingerprint}), but the model has fingerprint ${fingerprint}. ` +
        'Save it with the model that it was trained on.',
    );
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
    dtype,
  });
  const lost = /For(\w+)$/.exec(String(/** @type {any} */ (configJson).architectures?.[0]))?.[1];
  if (lost && !given && !KNOWN.includes(lost))
    context.emit({
      warning: `The checkpoint's head for ${lost}, which bertlet does not have, is not among what was saved.`,
    });
  for (const warning of extras.notes ?? []) context.emit({ warning });

  /**
   * @param {import('../checkpoint/model-writer.js').ModelTensor} tensor
   * @returns {Generator<Float32Array, void>}
   */
  function* rowsOf({ values, canonical = '' }) {
    if (values) return void (yield values);
    const { index } = /** @type {import('../core/tensors.js').CoreTensor} */ (encoder.get(canonical));
    const delta = lora?.get(canonical);
    for (const { begin, end, values: view } of piecesOf(engine, index, undefined, PIECE_BYTES)) {
      const rows = view.slice();
      // An adapter that was trained without token types has made them all one.
      if (extras.ignoreTokenTypes && canonical === TYPES)
        for (let row = 1; row < end; row++) rows.copyWithin(row * config.embeddingSize, 0, config.embeddingSize);
      if (delta) merge({ begin, end, values: rows }, delta);
      yield rows;
    }
  }

  /** Of the tensors that are saved as they are; a model whose weights were rounded before keeps them, too. */
  const hashes = () => {
    const all = hashesOf(engine.core, engine.model);
    const kept = [...encoder].filter(([name]) => !lora?.has(name) && !(extras.ignoreTokenTypes && name === TYPES));
    return Object.fromEntries(kept.map(([name, { index }]) => [name, all[index].toString(16).padStart(16, '0')]));
  };
  const isRounded = dtype !== 'f32' || extras.notes !== undefined;
  const kept = isRounded ? hashes() : undefined;
  const weights = await writeWeights(tensors, dtype, tokenizer.pieces, rowsOf, kept, createPause(context));
  const { family, maxPositions: maxTokens, typeVocabSize } = config;
  return {
    ...files,
    ...writeTokenizerFiles(tokenizer, { modelType: family.modelType, maxTokens, hasTypes: typeVocabSize > 0 }),
    [dtype === 'int8' ? CONVERTED : 'model.safetensors']: weights,
  };
}
