// Batches of examples as the tuner wants them.
import { BertletError } from '../../errors.js';
import { startsOf } from '../dataset/starts.js';

/** @typedef {import('../../engine/engine.js').Engine} Engine */
/** @typedef {import('./task.js').TuningExample} TuningExample */

/**
 * Cuts the examples of a step into batches, in their order.
 * @template {TuningExample} T
 * @param {T[]} examples none longer than `maxTokens`
 * @param {number} maxTokens of a batch
 * @returns {T[][]}
 */
export function cut(examples, maxTokens) {
  /** @type {T[][]} */
  const batches = [];
  let room = 0;
  for (const example of examples) {
    const { length } = example.encoded.ids;
    if (length > room) {
      batches.push([]);
      room = maxTokens;
    }
    batches[batches.length - 1].push(example);
    room -= length;
  }
  return batches;
}

/**
 * Cuts a list into parts of so many, the last of which may have fewer.
 * @template T
 * @param {T[]} list
 * @param {number} size
 * @returns {T[][]}
 */
export const inBatches = (list, size) =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

/** Tokens of the longest text, 0 if there is none. @param {Iterable<import('../../tokenize/tokenizer.js').Encoded>} texts */
export const longestOf = (texts) =>
  Array.from(texts, ({ ids }) => ids.length).reduce((most, length) => Math.max(most, length), 0);

/**
 * The tokens of examples in one batch. Throws BAD_INPUT for a pair if the model has one token type.
 * @param {Engine} engine
 * @param {TuningExample[]} examples
 * @returns {import('./tuner.js').TunerBatch} without the rows of hidden states that a cut needs
 */
export function assemble({ config, extras }, examples) {
  const starts = startsOf(examples.map(({ encoded }) => encoded.ids.length));
  const tokens = starts[examples.length];
  const ids = new Int32Array(tokens);
  const tokenTypeIds = new Int32Array(tokens);
  let pairs = false;
  examples.forEach(({ encoded: { ids: own, second } }, i) => {
    ids.set(own, starts[i]);
    tokenTypeIds.fill(1, starts[i] + Math.min(second, own.length), starts[i + 1]);
    pairs ||= second < own.length;
  });
  const typed = pairs && !extras.ignoreTokenTypes;
  if (typed && config.typeVocabSize === 1)
    throw new BertletError('BAD_INPUT', 'This model has one token type, so it reads single texts, not pairs.');
  return typed ? { ids, starts, tokenTypeIds } : { ids, starts };
}
