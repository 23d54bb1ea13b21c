// Masked language modelling in the worker: the most likely pieces in the place of each [MASK] of a text.
import { BertletError } from '../errors.js';
import { range } from '../base/numbers.js';
import { SPECIAL, STATUS } from '../core/abi.js';
import { applyLayer } from '../core/dense.js';
import { align } from '../core/instance.js';
import { topK } from '../decode/top-k.js';
import { forEachEncoded } from '../engine/batches.js';
import { createPause, progressReporter } from '../rpc/progress.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../types.js').MaskFill} MaskFill */

/** Number of masks that are scored together. More are not faster, and each takes 4 bytes for every piece of the vocabulary. */
const MASK_BATCH = 32;

/**
 * The most likely pieces for the masks of texts.
 * @param {Engine} engine
 * @param {object} params
 * @param {import('../tokenize/tokenizer.js').Text[]} params.texts
 * @param {number} params.topK
 * @param {string[]} [params.targets] the only words to choose from; default: the whole vocabulary
 * @param {import('../core/dense.js').EncoderSpec} [params.spec] how the encoder computes the hidden states
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<MaskFill[][][]>} [texts][masks][up to topK] best first. Rejects with UNSUPPORTED_MODEL if the model has no masked-LM
 *   head, BAD_VOCABULARY if it has no [MASK], TEXT_TOO_LONG, BAD_INPUT for a text without [MASK] or if no target is in the vocabulary,
 *   BAD_WEIGHTS, OUT_OF_MEMORY, or the signal's reason
 */
export async function fillMask(engine, { texts, topK: k, targets, spec }, context) {
  const { maskedHead } = engine.extras;
  if (!maskedHead) {
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      'This model has no masked-LM head. Load a checkpoint of BertForMaskedLM or the like, such as bert-base-uncased.',
    );
  }
  const { tokenizer, config } = engine;
  const { first = 0 } = context;
  const maskId = tokenizer.specials[SPECIAL.MASK];
  if (maskId < 0) throw new BertletError('BAD_VOCABULARY', 'The vocabulary has no [MASK], so nothing can be masked.');
  const candidates = targets ? targetIds(engine, targets, context) : range(0, config.vocabSize);
  const pause = createPause(context);
  const encoded = [];
  for (const [index, text] of texts.entries()) {
    const { cut, ...rest } = tokenizer.encode(text, config.maxPositions);
    if (cut) {
      throw new BertletError(
        'TEXT_TOO_LONG',
        `Text ${first + index} is longer than the model's ${config.maxPositions} tokens. Shorten it.`,
      );
    }
    const maskPositions = range(0, rest.ids.length).filter((token) => rest.ids[token] === maskId);
    if (maskPositions.length === 0)
      throw new BertletError('BAD_INPUT', `Text ${first + index} has no [MASK]: write it where a word is to be found.`);
    encoded.push({ index, cut, ...rest, maskPositions });
    await pause();
  }

  const head = new MaskScorer(engine, maskedHead);
  const report = progressReporter(context, 'fill-mask');
  /** @type {MaskFill[][][]} */
  const results = texts.map(() => []);
  let done = 0;
  await forEachEncoded(
    engine,
    encoded,
    [config.numLayers],
    (batch, batchTexts) => {
      const masks = batchTexts.flatMap(({ index, ids, maskPositions }, i) =>
        maskPositions.map((position) => ({
          token: batch.starts[i] + position,
          index,
          ids,
          position,
          single: maskPositions.length === 1,
        })),
      );
      head.score(
        engine.hidden(batch, false),
        masks.map(({ token }) => token),
        (scores, i) => {
          const { index, ids, position, single } = masks[i];
          results[index].push(
            topK(scores, k, candidates).map((id) => ({
              score: scores[id],
              token: id,
              token_str: decode(engine, [id]),
              sequence: decode(engine, ids.with(position, id), single),
            })),
          );
        },
      );
    },
    pause,
    (count) => report((done += count), texts.length),
    spec,
  );
  return results;
}

/** Applies an engine's masked-LM head (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 3.1). */
class MaskScorer {
  #engine;
  #head;
  #weights;

  /**
   * @param {Engine} engine
   * @param {import('../checkpoint/masked-head.js').MaskedHead} head
   */
  constructor(engine, head) {
    const { transform, norm, bias, decoder } = head;
    this.#engine = engine;
    this.#head = head;
    this.#weights = [transform.weight, transform.bias, norm.gamma, norm.beta, bias, ...(decoder ? [decoder] : [])];
  }

  /**
   * The probabilities of all pieces for each mask. Throws BAD_WEIGHTS if they are NaN or infinite, OUT_OF_MEMORY.
   * @param {Float32Array} hidden [tokens][hiddenSize], in the core's memory; overwritten
   * @param {number[]} tokens [masks] which tokens are masks, ascending
   * @param {(scores: Float32Array, mask: number) => void} onScores called for each mask, with probabilities [vocabSize], a view that is
   *   valid during the call
   */
  score(hidden, tokens, onScores) {
    const { hiddenSize, vocabSize } = this.#engine.config;
    const { byteOffset } = hidden; // the view itself is detached if scratch memory grows
    tokens.forEach((token, i) => hidden.copyWithin(i * hiddenSize, token * hiddenSize, (token + 1) * hiddenSize));
    for (let first = 0; first < tokens.length; first += MASK_BATCH) {
      const rows = Math.min(MASK_BATCH, tokens.length - first);
      const scores = this.#run(byteOffset + 4 * first * hiddenSize, rows);
      for (let row = 0; row < rows; row++)
        onScores(scores.subarray(row * vocabSize, (row + 1) * vocabSize), first + row);
    }
  }

  /**
   * @param {number} hidden address of [rows][hiddenSize]
   * @param {number} rows
   * @returns {Float32Array} [rows][vocabSize] probabilities, a view that is valid until the next use of scratch memory
   */
  #run(hidden, rows) {
    const { core, model, config } = this.#engine;
    const { embeddingSize, vocabSize } = config;
    const { transform, norm } = this.#head;
    const featureBytes = align(4 * rows * embeddingSize);
    const addresses = core.copyIn(this.#weights, featureBytes + 4 * rows * vocabSize);
    const [, , gamma, beta, bias, decoder] = addresses;
    const features = addresses[addresses.length - 1];
    const logits = features + featureBytes;
    applyLayer(core, transform, addresses, rows, hidden, features);
    core.fn.layer_norm(features, rows, embeddingSize, gamma, beta, norm.epsilon);
    let finite;
    if (this.#head.decoder) {
      core.fn.linear(features, rows, embeddingSize, decoder, bias, vocabSize, logits);
      finite = core.floats(logits, rows * vocabSize).every(Number.isFinite);
    } else finite = core.fn.word_logits(model, features, rows, bias, logits) === STATUS.OK;
    if (!finite) {
      throw new BertletError(
        'BAD_WEIGHTS',
        'The masked-LM head computed NaN or infinity: its weights are damaged. Download or export the model again.',
      );
    }
    core.fn.softmax(logits, rows, vocabSize);
    return core.floats(logits, rows * vocabSize);
  }
}

/**
 * The ids of target words. A word that is not a piece is replaced by its first piece, as in the pipeline of `transformers`, with a warning.
 * @param {Engine} engine
 * @param {string[]} targets
 * @param {import('../rpc/serve.js').Context} context
 * @returns {number[]} each once; throws BAD_INPUT if there are none
 */
function targetIds({ tokenizer, config }, targets, { emit }) {
  const { pieces } = tokenizer;
  const ids = targets.flatMap((target) => {
    const known = pieces.indexOf(target);
    if (known >= 0 && target !== '') return [known];
    const pieceIds = tokenizer.encode([target], config.maxPositions).ids.subarray(1, -1);
    const missing = `The target "${target}" is not in the model's vocabulary`;
    if (pieceIds.length === 0) {
      emit({ warning: `${missing} and is left out.` });
      return [];
    }
    emit({ warning: `${missing}; its first piece "${pieces[pieceIds[0]]}" is used instead.` });
    return [pieceIds[0]];
  });
  if (ids.length === 0) throw new BertletError('BAD_INPUT', 'None of the targets is in the vocabulary.');
  return [...new Set(ids)];
}

/**
 * Turns ids into text, as the WordPiece decoder of Hugging Face's `tokenizers`.
 * @param {Engine} engine
 * @param {Iterable<number>} ids
 * @param {boolean} [skipSpecial] whether all special tokens are left out; [PAD] always is
 */
function decode({ tokenizer: { pieces, specials } }, ids, skipSpecial = false) {
  const skipped = skipSpecial ? specials : [specials[SPECIAL.PAD]];
  return Array.from(ids)
    .filter((id) => !skipped.includes(id))
    .map((id, i) => {
      const piece = pieces[id];
      if (i === 0) return piece;
      return piece.startsWith('##') ? piece.slice(2) : ` ${piece}`.replace(/^ (?=[.?!,]$)/, '');
    })
    .join('');
}
