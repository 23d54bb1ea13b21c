// Masked language modelling in the worker: which pieces may stand where a text has [MASK].
import { BertletError } from '../errors.js';
import { SPECIAL, STATUS } from '../core/abi.js';
import { applyDense } from '../core/dense.js';
import { createPause, progressReporter } from '../rpc/progress.js';
import { align } from '../core/instance.js';

/** @typedef {import('../engine/engine.js').Engine} Engine */
/** @typedef {import('../types.js').MaskFill} MaskFill */

/**
 * @param {Engine} engine
 * @param {{ texts: import('../tokenize/tokenizer.js').Text[], topK: number, targets?: string[] }} params
 * @param {import('../rpc/serve.js').Context} context
 * @returns {Promise<MaskFill[][][]>} for each text, for each of its masks, the best pieces
 */
export async function fillMask(engine, { texts, topK, targets }, context) {
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
  const allowed = targets && targetIds(engine, targets, context);
  const report = progressReporter(context, 'fill-mask');
  const pause = createPause(context);
  const results = [];
  for (const [index, text] of texts.entries()) {
    const encoded = tokenizer.encode(text, config.maxPositions);
    if (encoded.cut) {
      const most = config.maxPositions;
      throw new BertletError('TEXT_TOO_LONG', `Text ${index} is longer than the model's ${most} tokens. Shorten it.`);
    }
    const { ids } = encoded;
    const places = Array.from(ids.keys()).filter((token) => ids[token] === mask);
    if (places.length === 0)
      throw new BertletError('BAD_INPUT', `Text ${index} has no [MASK]: write it where a word is to be found.`);
    const batch = engine.forward([{ index, ...encoded }], 0);
    const scores = scoreWords(engine, masked, engine.hidden(batch, false), places);
    results.push(
      places.map((place, i) =>
        best(scores.subarray(i * config.vocabSize, (i + 1) * config.vocabSize), allowed, topK).map(({ id, score }) => ({
          score,
          token: id,
          token_str: decode(engine, [id]),
          sequence: decode(engine, ids.with(place, id), places.length === 1),
        })),
      ),
    );
    report(results.length, texts.length);
    await pause();
  }
  return results;
}

/**
 * @param {Engine} engine
 * @param {import('../checkpoint/masked-head.js').MaskedHead} head
 * @param {Float32Array} hidden [tokens][hiddenSize], in the core's memory; overwritten
 * @param {number[]} places which tokens
 * @returns {Float32Array} [places][vocabSize] probabilities, valid until the next call of the core
 */
function scoreWords({ core, model, config }, { transform, norm, decoder, bias }, hidden, places) {
  const { hiddenSize, embeddingSize, vocabSize } = config;
  places.forEach((place, i) => hidden.copyWithin(i * hiddenSize, place * hiddenSize, (place + 1) * hiddenSize));
  const features = applyDense(core, places.length, hidden.byteOffset, [transform]);

  const inputs = [features, norm.gamma, norm.beta, bias, ...(decoder ? [decoder] : [])];
  const logitBytes = 4 * places.length * vocabSize;
  let next = core.scratch(inputs.reduce((sum, { byteLength }) => sum + align(byteLength), logitBytes));
  const [featuresAt, gammaAt, betaAt, biasAt, decoderAt] = inputs.map((values) => {
    const at = next;
    core.floats(at, values.length).set(values);
    next += align(values.byteLength);
    return at;
  });
  core.fn.layer_norm(featuresAt, places.length, embeddingSize, gammaAt, betaAt, norm.epsilon);
  if (decoder) core.fn.linear(featuresAt, places.length, embeddingSize, decoderAt, biasAt, vocabSize, next);
  else if (core.fn.word_logits(model, featuresAt, places.length, biasAt, next) !== STATUS.OK) {
    throw new BertletError(
      'BAD_WEIGHTS',
      'The masked-LM head computed NaN or infinity: its weights are damaged. Download or export the model again.',
    );
  }
  core.fn.softmax(next, places.length, vocabSize);
  return core.floats(next, places.length * vocabSize);
}

/**
 * @param {Float32Array} scores [vocabSize]
 * @param {number[] | undefined} allowed
 * @param {number} topK
 */
function best(scores, allowed, topK) {
  const ids = allowed ?? Array.from(scores.keys());
  const ranking = ids.map((id) => ({ id, score: scores[id] })).sort((a, b) => b.score - a.score);
  return ranking.slice(0, topK);
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
