// Masked language modelling in the worker: which pieces may stand where a text has [MASK].
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

/** Masks that are scored together: more gain nothing, and each takes 4 bytes for every piece of the vocabulary. */
const MASKS = 32;

/**
 * @param {Engine} engine
 * @param {{ texts: import('../tokenize/tokenizer.js').Text[], topK: number, targets?: string[] }} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<MaskFill[][][]>} for each text, for each of its masks, the best pieces
 */
export async function fillMask(engine, { texts, topK: k, targets }, context) {
  const { masked } = engine.extras;
  if (!masked) {
    throw new BertletError(
      'UNSUPPORTED_MODEL',
      'This model has no masked-LM head. Load a checkpoint of BertForMaskedLM or the like, such as bert-base-uncased.',
    );
  }
  const { tokenizer, config } = engine;
  const mask = tokenizer.specials[SPECIAL.MASK];
  if (mask < 0) throw new BertletError('BAD_VOCABULARY', 'The vocabulary has no [MASK], so nothing can be masked.');
  const candidates = targets ? targetIds(engine, targets, context) : range(0, config.vocabSize);
  const pause = createPause(context);
  const encoded = [];
  for (const [index, text] of texts.entries()) {
    const { cut, ...rest } = tokenizer.encode(text, config.maxPositions);
    if (cut) {
      const most = config.maxPositions;
      throw new BertletError('TEXT_TOO_LONG', `Text ${index} is longer than the model's ${most} tokens. Shorten it.`);
    }
    const places = range(0, rest.ids.length).filter((token) => rest.ids[token] === mask);
    if (places.length === 0)
      throw new BertletError('BAD_INPUT', `Text ${index} has no [MASK]: write it where a word is to be found.`);
    encoded.push({ index, cut, ...rest, places });
    await pause();
  }

  const head = new WordScorer(engine, masked);
  const report = progressReporter(context, 'fill-mask');
  /** @type {MaskFill[][][]} */
  const results = texts.map(() => []);
  let done = 0;
  await forEachEncoded(
    engine,
    encoded,
    [config.numLayers],
    (batch, some) => {
      const masks = some.flatMap(({ index, ids, places }, i) =>
        places.map((place) => ({ token: batch.starts[i] + place, index, ids, place, only: places.length === 1 })),
      );
      head.score(
        engine.hidden(batch, false),
        masks.map(({ token }) => token),
        (scores, i) => {
          const { index, ids, place, only } = masks[i];
          results[index].push(
            topK(scores, k, candidates).map((id) => ({
              score: scores[id],
              token: id,
              token_str: decode(engine, [id]),
              sequence: decode(engine, ids.with(place, id), only),
            })),
          );
        },
      );
    },
    pause,
    (count) => report((done += count), texts.length),
  );
  return results;
}

/** The masked-LM head on an engine. */
class WordScorer {
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
   * @param {Float32Array} hidden [tokens][hiddenSize], in the core's memory; overwritten
   * @param {number[]} tokens which of them are masks, ascending
   * @param {(scores: Float32Array, i: number) => void} use gets [vocabSize] probabilities for each, valid meanwhile
   */
  score(hidden, tokens, use) {
    const { hiddenSize, vocabSize } = this.#engine.config;
    const { byteOffset } = hidden; // the view itself goes when scratch memory grows
    tokens.forEach((token, i) => hidden.copyWithin(i * hiddenSize, token * hiddenSize, (token + 1) * hiddenSize));
    for (let first = 0; first < tokens.length; first += MASKS) {
      const rows = Math.min(MASKS, tokens.length - first);
      const scores = this.#run(byteOffset + 4 * first * hiddenSize, rows);
      for (let row = 0; row < rows; row++) use(scores.subarray(row * vocabSize, (row + 1) * vocabSize), first + row);
    }
  }

  /**
   * @param {number} hidden address of [rows][hiddenSize]
   * @param {number} rows
   * @returns {Float32Array} [rows][vocabSize] probabilities, valid until the next use of scratch memory
   */
  #run(hidden, rows) {
    const { core, model, config } = this.#engine;
    const { embeddingSize, vocabSize } = config;
    const { transform, norm } = this.#head;
    const featureBytes = align(4 * rows * embeddingSize);
    const at = core.place(this.#weights, featureBytes + 4 * rows * vocabSize);
    const [, , gamma, beta, bias, decoder] = at;
    const features = at[at.length - 1];
    const logits = features + featureBytes;
    applyLayer(core, transform, at, rows, hidden, features);
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
 * Ids of target words. Of one that is not a piece its first piece stands for it, as in the pipeline of `transformers`.
 * @param {Engine} engine
 * @param {string[]} targets
 * @param {import('../rpc/serve.js').Context} context
 */
function targetIds({ tokenizer, config }, targets, { emit }) {
  const { pieces } = tokenizer;
  const ids = targets.flatMap((target) => {
    const known = pieces.indexOf(target);
    if (known >= 0 && target !== '') return [known];
    const found = tokenizer.encode([target], config.maxPositions).ids.subarray(1, -1);
    const what = `The target "${target}" is not in the model's vocabulary`;
    if (found.length === 0) {
      emit({ warning: `${what} and is left out.` });
      return [];
    }
    emit({ warning: `${what}; its first piece "${pieces[found[0]]}" stands for it.` });
    return [found[0]];
  });
  if (ids.length === 0) throw new BertletError('BAD_INPUT', 'None of the targets is in the model’s vocabulary.');
  return [...new Set(ids)];
}

/**
 * Ids to text, as the WordPiece decoder of `tokenizers`.
 * @param {Engine} engine
 * @param {Iterable<number>} ids
 * @param {boolean} [skipSpecial] whether [CLS] and the like are left out; [PAD] always is
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
