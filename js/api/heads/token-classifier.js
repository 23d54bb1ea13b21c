// A head that tags the words of texts and finds the entities in them.
import { BertletError } from '../../errors.js';
import { groupedEntities, tokenEntities } from '../../decode/entities.js';
import { indexOfMax, rowOf, softmax } from '../../base/numbers.js';
import { entityMetrics } from '../../metrics/entities.js';
import { tagSpans } from '../../decode/tags.js';
import { checkSentences, checkTaggedExamples } from '../examples.js';
import { toTexts } from '../texts.js';
import { validTransitions, viterbi } from '../../decode/viterbi.js';
import { firstTokens, joinWords, splitWords } from '../../decode/words.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../decode/entities.js').EntityGroup} EntityGroup */
/** @typedef {import('../../decode/entities.js').TokenEntity} TokenEntity */
/** @typedef {'sequence' | import('../../decode/entities.js').AggregationStrategy} AggregationStrategy */
/** @typedef {'viterbi' | 'argmax'} Decoding */

export class TokenClassifier extends Head {
  /** @type {import('../../decode/viterbi.js').Transitions} */
  #transitions;

  /** Whether it was trained here: others give what they give in transformers. */
  get #own() {
    return this.report !== undefined;
  }

  /**
   * @param {import('./remote-head.js').RemoteHead} remote
   * @param {import('../../checkpoint/head-file.js').HeadData} data
   * @param {() => Promise<import('./head.js').Lazy>} fetchLazy
   */
  constructor(remote, data, fetchLazy) {
    super(remote, data, fetchLazy);
    const valid = validTransitions(data.labels);
    const { transitions: learned } = data;
    this.#transitions = learned
      ? {
          start: valid.start.map((score, i) => score + learned.start[i]),
          next: valid.next.map((score, i) => score + learned.next[i]),
          end: valid.end.map((score, i) => score + learned.end[i]),
        }
      : valid;
  }

  /**
   * The entities of a text, or of each of several, in the order of the text.
   * @template {string | string[]} T
   * @template {AggregationStrategy} [A='simple']
   * @param {T} texts
   * @param {{ aggregationStrategy?: A } & TaskOptions} [options] 'sequence', the default for heads trained here: the best sequence of tags
   *   for the words that are between spaces, without punctuation around them; the other strategies are those of Hugging Face's
   *   pipeline, and 'simple' is the default for a checkpoint's own head
   * @returns {Promise<T extends any[] ? Entities<A>[] : Entities<A>>}
   */
  async entities(texts, { aggregationStrategy: given, ...options } = {}) {
    /** @type {AggregationStrategy} */
    const aggregationStrategy = given ?? (this.#own ? 'sequence' : 'simple');
    const strategies = ['sequence', 'none', 'simple', 'first', 'average', 'max'];
    if (!strategies.includes(aggregationStrategy)) {
      throw new BertletError(
        'BAD_INPUT',
        `aggregationStrategy is "${aggregationStrategy}"; it must be ${strategies.join(' or ')}.`,
      );
    }
    const list = toTexts(texts);
    const pair = list.findIndex(([, textPair]) => textPair !== undefined);
    if (pair >= 0) throw new BertletError('BAD_INPUT', `Text ${pair} is a pair; entities are found in single texts.`);
    const labels = [...this.labels];
    /** @type {any[]} */
    const results = [];
    await this.#tokenLogits(list, options, (index, logits, tokens) => {
      const [text] = list[index];
      if (aggregationStrategy === 'sequence') {
        results[index] = this.#sequence(text, splitWords(text), tokens.offsets, logits);
      } else if (aggregationStrategy === 'none') {
        results[index] = tokenEntities(text, tokens, logits, labels);
      } else {
        results[index] = groupedEntities(text, tokens, logits, labels, aggregationStrategy);
      }
    });
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * The tags of words that are given one by one.
   * @param {string[][]} sentences
   * @param {{ decoding?: Decoding } & TaskOptions} [options] 'viterbi', the default for heads trained here: the best sequence in which
   *   every tag may follow the one before; 'argmax', the default for a checkpoint's own head: each word's best tag
   * @returns {Promise<string[][]>} 'O' for words that the model doesn't see: past its longest text, or of control characters only
   */
  async tag(sentences, { decoding = this.#own ? 'viterbi' : 'argmax', ...options } = {}) {
    if (decoding !== 'viterbi' && decoding !== 'argmax')
      throw new BertletError('BAD_INPUT', `decoding is "${decoding}"; it must be viterbi or argmax.`);
    checkSentences(sentences);
    const joined = sentences.map(joinWords);
    /** @type {import('../../tokenize/tokenizer.js').Text[]} */
    const texts = joined.map(({ text }) => [text]);
    /** @type {string[][]} */
    const results = [];
    await this.#tokenLogits(texts, options, (index, logits, { offsets }) => {
      const tags = this.#decode(joined[index].spans, offsets, logits, decoding);
      results[index] = tags.map(({ tag }) => tag);
    });
    return results;
  }

  /**
   * Tags the words of examples and compares.
   * @param {import('../../types.js').TaggedExample[]} examples
   * @param {{ decoding?: Decoding } & TaskOptions} [options] as of `tag`
   * @returns {Promise<import('../../metrics/entities.js').EntityMetrics & { accuracy: number, n: number }>} of entities, as seqeval; `accuracy`: of
   *   tags; `n`: sentences
   */
  async evaluate(examples, options = {}) {
    const { words, tags } = checkTaggedExamples(examples);
    const predicted = await this.tag(words, options);
    const count = tags.reduce((sum, list) => sum + list.length, 0);
    const right = tags.reduce((sum, list, i) => sum + list.filter((tag, j) => tag === predicted[i][j]).length, 0);
    return { ...entityMetrics(tags, predicted), accuracy: right / count, n: examples.length };
  }

  /**
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts
   * @param {TaskOptions} options
   * @param {(index: number, logits: Float32Array, tokens: import('../../tokenize/located.js').Located) => void} use gets
   *   [tokens][labels] and the tokens, as the model read them
   */
  #tokenLogits(texts, options, use) {
    return this.logits(
      texts,
      options,
      (index, logits, _, tokens) => use(index, logits, /** @type {any} */ (tokens)),
      true,
    );
  }

  /**
   * @param {[start: number, end: number][]} words
   * @param {import('../../types.js').Encoding['offsets']} offsets
   * @param {Float32Array} logits [tokens][labels]
   * @param {Decoding} decoding
   * @returns {{ tag: string, score: number }[]} [words]
   */
  #decode(words, offsets, logits, decoding) {
    const count = this.labels.length;
    const tokens = firstTokens(words, offsets, logits.length / count);
    const seen = [...tokens.keys()].filter((word) => tokens[word] >= 0);
    const rows = seen.map((word) => rowOf(logits, tokens[word], count));
    const path =
      decoding === 'argmax'
        ? rows.map(indexOfMax)
        : viterbi(Float64Array.from(rows.flatMap((row) => [...row])), this.#transitions);
    const tags = words.map(() => ({ tag: 'O', score: 1 }));
    seen.forEach((word, i) => (tags[word] = { tag: this.labels[path[i]], score: softmax(rows[i])[path[i]] }));
    return tags;
  }

  /**
   * @param {string} text
   * @param {[start: number, end: number][]} words
   * @param {import('../../types.js').Encoding['offsets']} offsets
   * @param {Float32Array} logits
   * @returns {EntityGroup[]}
   */
  #sequence(text, words, offsets, logits) {
    const decoded = this.#decode(words, offsets, logits, 'viterbi');
    return tagSpans(decoded.map(({ tag }) => tag)).map(({ type, start: first, end: after }) => {
      const [start, end] = [words[first][0], words[after - 1][1]];
      const score = decoded.slice(first, after).reduce((sum, one) => sum + one.score, 0) / (after - first);
      return { entity_group: type, score, word: text.slice(start, end), start, end };
    });
  }
}

/**
 * @template {AggregationStrategy} A
 * @typedef {A extends 'none' ? TokenEntity[] : EntityGroup[]} Entities
 */
