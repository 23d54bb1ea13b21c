// The head for token classification: it tags words, and finds entities.
import { guard } from '../guard.js';
import { BertletError } from '../../errors.js';
import { groupedEntities, tokenEntities } from '../../decode/entities.js';
import { indexOfMax, rowOf } from '../../base/numbers.js';
import { softmax } from '../../base/probabilities.js';
import { entityMetrics } from '../../metrics/entities.js';
import { convertTags, schemeOf, schemes } from '../../decode/schemes.js';
import { sameTag, tagSpans } from '../../decode/tags.js';
import { checkSentences, checkTaggedExamples } from '../examples.js';
import { checkChoice } from '../options.js';
import { toTexts } from '../texts.js';
import { validTransitions, viterbi } from '../../decode/viterbi.js';
import { mergeEntities, mergeWindows } from '../../decode/windows.js';
import { firstTokens, joinWords, splitWords } from '../../decode/words.js';
import { callOptions } from '../call-options.js';
import { Head } from './head.js';

/** @typedef {import('../../types.js').TaskOptions} TaskOptions */
/** @typedef {import('../../types.js').EntityGroup} EntityGroup */
/** @typedef {import('../../types.js').TokenEntity} TokenEntity */
/** @typedef {'sequence' | import('../../types.js').AggregationStrategy} AggregationStrategy */
/** @typedef {import('../../types.js').Decoding} Decoding */
/** @typedef {import('../../decode/schemes.js').AnyScheme} AnyScheme */
/** @typedef {import('../../decode/viterbi.js').Transitions} Transitions */
/** @typedef {import('../../worker/tokens.js').TokenWindow} TokenWindow */

/** @typedef {import('../../types.js').WindowOptions} WindowOptions */

/**
 * A head that gives each word of a text a tag, such as "B-person" or "O", and so finds entities.
 * @extends {Head<'token-classification'>}
 */
export class TokenClassifier extends Head {
  /** Of tags that follow each other, for each scheme that the labels may be in. @type {Map<AnyScheme, Transitions>} */
  #transitions = new Map();

  /** What a conditional random field has learned about them. @type {Transitions | undefined} */
  #learned;

  /** Whether `fit` trained it. If not, it is a checkpoint's head, and its defaults are those of `transformers`. */
  get #fitted() {
    return this.report !== undefined;
  }

  /**
   * @internal
   * @param {import('./remote-head.js').RemoteHead} remote
   * @param {import('../../checkpoint/head-file.js').HeadData} data
   * @param {() => Promise<import('./head.js').Lazy>} fetchLazy
   */
  constructor(remote, data, fetchLazy) {
    super(remote, data, fetchLazy);
    this.#learned = data.transitions;
  }

  /**
   * Finds the entities in a text, or in each text of an array.
   * @example
   * await tagger.entities('Ada lives in Rome.'); // [{ entity_group: 'person', word: 'Ada', start: 0, end: 3, score: 0.99 }, ...]
   * @template {string | string[]} T
   * @template {AggregationStrategy} [A='simple']
   * @param {T} texts a text, or an array of texts
   * @param {{ aggregationStrategy?: A } & WindowOptions & TaskOptions} [options] `aggregationStrategy`: how tokens become entities. 'sequence', the default
   *   for a head that `fit` trained: the text is split into words, at spaces and with punctuation apart, and gets the best sequence of
   *   tags. 'none', 'simple', 'first', 'average' and 'max' are those of Hugging Face's pipeline; 'simple' is the default for the head of a
   *   checkpoint or an adapter. `stride`: of entities that overlap, found in several windows, the longest counts, then that with the highest
   *   score, as in the pipeline, where there is none with 'none'; with 'sequence', of a word's tags that with the highest probability
   * @returns {Promise<T extends any[] ? Entities<A>[] : Entities<A>>} as `texts`: [entities], or [texts][entities], in the order of the
   *   text; with 'none' an entity for each token whose tag is not 'O'. Offsets are in UTF-16 code units of the text. Rejects with
   *   BAD_INPUT, and as the methods of `Model`
   */
  async entities(texts, { aggregationStrategy: given, stride, ...options } = {}) {
    /** @type {AggregationStrategy} */
    const aggregationStrategy = given ?? (this.#fitted ? 'sequence' : 'simple');
    const strategies = ['sequence', 'none', 'simple', 'first', 'average', 'max'];
    if (!strategies.includes(aggregationStrategy)) {
      throw new BertletError(
        'BAD_INPUT',
        `aggregationStrategy is "${aggregationStrategy}"; it must be ${strategies.join(' or ')}.`,
      );
    }
    if (aggregationStrategy === 'none' && stride !== undefined) {
      throw new BertletError(
        'BAD_INPUT',
        "stride is for entities, but aggregationStrategy 'none' gives tokens. Choose another one, such as 'simple'.",
      );
    }
    const list = toTexts(texts);
    const pair = list.findIndex(([, textPair]) => textPair !== undefined);
    if (pair >= 0) throw new BertletError('BAD_INPUT', `Text ${pair} is a pair; entities are found in single texts.`);
    const labels = [...this.labels];
    const results = (await this.#read(list, stride, options)).map((windows, index) => {
      const [text] = list[index];
      if (aggregationStrategy === 'sequence') {
        const { offsets, logits } = mergeWindows(windows, labels.length, stride ?? 0);
        return this.#sequence(text, splitWords(text), offsets, logits);
      }
      if (aggregationStrategy === 'none') return tokenEntities(text, windows[0], windows[0].logits, labels);
      const found = windows.map((one) => groupedEntities(text, one, one.logits, labels, aggregationStrategy));
      return windows.length === 1 ? found[0] : mergeEntities(text, found.flat());
    });
    return /** @type {any} */ (Array.isArray(texts) ? results : results[0]);
  }

  /**
   * Tags the words of sentences that are split into words already.
   * @example
   * await tagger.tag([['Ada', 'lives', 'in', 'Rome', '.']]); // [['B-person', 'O', 'O', 'B-city', 'O']]
   * @param {string[][]} sentences [sentences][words]
   * @param {{ decoding?: Decoding } & WindowOptions & TaskOptions} [options] `decoding`: 'viterbi', the default for a head that `fit`
   *   trained, gives the best valid sequence of tags; 'argmax', the default for the head of a checkpoint or an adapter, gives each word its
   *   best tag. `stride`: of a word's tags in several windows that with the highest probability counts
   * @returns {Promise<string[][]>} [sentences][words]; 'O' for words that the model does not read, because the sentence is too long or they
   *   are all control characters. Rejects with BAD_INPUT, and as the methods of `Model`
   */
  async tag(sentences, { decoding = this.#fitted ? 'viterbi' : 'argmax', stride, ...options } = {}) {
    if (decoding !== 'viterbi' && decoding !== 'argmax')
      throw new BertletError('BAD_INPUT', `decoding is "${decoding}"; it must be viterbi or argmax.`);
    checkSentences(sentences);
    const joined = sentences.map(joinWords);
    /** @type {import('../../tokenize/tokenizer.js').Text[]} */
    const texts = joined.map(({ text }) => [text]);
    return (await this.#read(texts, stride, options)).map((windows, index) => {
      const { offsets, logits } = mergeWindows(windows, this.labels.length, stride ?? 0);
      return this.#decode(joined[index].spans, offsets, logits, decoding).map(({ tag }) => tag);
    });
  }

  /**
   * Tags the words of examples, which may be tagged in another scheme than the head's, and compares.
   * @param {import('../../types.js').TaggedExample[]} examples
   * @param {{ decoding?: Decoding, scheme?: import('../../types.js').Scheme } & WindowOptions & TaskOptions} [options] `decoding` and `stride`: as of `tag`; `scheme`: of
   *   the examples' tags, for seqeval's strict mode, in which only entities count whose tags are valid in it
   * @returns {Promise<import('../../types.js').EntityMetrics & { accuracy: number, n: number }>} metrics of entities, as by
   *   seqeval; `accuracy`: share of the words with the right tag, 0 to 1; `n`: number of sentences. Rejects with NO_EXAMPLES,
   *   BAD_LABELS, and as `tag`
   */
  async evaluate(examples, { scheme, ...options } = {}) {
    const { words, tags } = checkTaggedExamples(examples);
    if (scheme !== undefined) checkChoice('scheme', scheme, schemes);
    const predicted = await this.tag(words, options);
    const own = this.#scheme(predicted);
    const inScheme = (/** @type {string[][]} */ list, /** @type {AnyScheme} */ from, /** @type {AnyScheme} */ to) =>
      from === to ? list : list.map((one) => convertTags(one, to));
    const wanted = inScheme(tags, scheme ?? schemeOf(tags), own);
    const count = tags.reduce((sum, list) => sum + list.length, 0);
    const right = wanted.reduce(
      (sum, list, i) => sum + list.filter((tag, j) => sameTag(tag, predicted[i][j])).length,
      0,
    );
    const metrics = scheme
      ? entityMetrics(tags, inScheme(predicted, own, scheme), scheme)
      : entityMetrics(tags, predicted);
    return { ...metrics, accuracy: right / count, n: examples.length };
  }

  /**
   * The scheme of the head's labels. B- and I- alone can be IOB1 or IOB2; where no training here says which, its own tags do.
   * @param {string[][]} tags [sentences][words] of the head
   */
  #scheme(tags) {
    return this.report?.scheme ?? schemeOf(tags, [...this.labels]);
  }

  /** What may follow what, and how well, for labels in a scheme. @param {AnyScheme} scheme */
  #transitionsOf(scheme) {
    const known = this.#transitions.get(scheme);
    if (known) return known;
    const valid = validTransitions([...this.labels], scheme);
    const learned = this.#learned;
    const transitions = learned
      ? {
          start: valid.start.map((score, i) => score + learned.start[i]),
          next: valid.next.map((score, i) => score + learned.next[i]),
          end: valid.end.map((score, i) => score + learned.end[i]),
        }
      : valid;
    this.#transitions.set(scheme, transitions);
    return transitions;
  }

  /**
   * Computes the logits of all tokens.
   * @param {import('../../tokenize/tokenizer.js').Text[]} texts no pairs
   * @param {number | undefined} stride
   * @param {TaskOptions} options
   * @returns {Promise<TokenWindow[][]>} [texts][windows], a single window without `stride`
   */
  async #read(texts, stride, options) {
    /** @type {TokenWindow[][]} */
    const windows = texts.map(() => []);
    const onPart = (/** @type {TokenWindow[]} */ part) => {
      for (const window of part) windows[window.text][window.index] = window;
    };
    const params = { name: 'readTokens', texts, stride };
    await this.remote.call('windows', params, { ...callOptions(options), onPart });
    return windows;
  }

  /**
   * The tag of each word, from the logits of its first token.
   * @param {[start: number, end: number][]} words where each is in the text
   * @param {import('../../types.js').Encoding['offsets']} offsets of the tokens
   * @param {Float32Array} logits [tokens][labels]
   * @param {Decoding} decoding
   * @returns {{ tag: string, score: number }[]} [words] `score`: probability of the tag by softmax
   */
  #decode(words, offsets, logits, decoding) {
    const count = this.labels.length;
    const tokens = firstTokens(words, offsets, logits.length / count);
    const tagged = [...tokens.keys()].filter((word) => tokens[word] >= 0);
    const rows = tagged.map((word) => rowOf(logits, tokens[word], count));
    let path = rows.map(indexOfMax);
    if (decoding === 'viterbi') {
      const scheme = this.#scheme([path.map((label) => this.labels[label])]);
      path = [...viterbi(Float64Array.from(rows.flatMap((row) => [...row])), this.#transitionsOf(scheme))];
    }
    const tags = words.map(() => ({ tag: 'O', score: 1 }));
    tagged.forEach((word, i) => (tags[word] = { tag: this.labels[path[i]], score: softmax(rows[i])[path[i]] }));
    return tags;
  }

  /**
   * The entities by the best sequence of tags.
   * @param {string} text
   * @param {[start: number, end: number][]} words where each is in the text
   * @param {import('../../types.js').Encoding['offsets']} offsets of the tokens
   * @param {Float32Array} logits [tokens][labels]
   * @returns {EntityGroup[]} `score`: mean over the words
   */
  #sequence(text, words, offsets, logits) {
    const decoded = this.#decode(words, offsets, logits, 'viterbi');
    return tagSpans(decoded.map(({ tag }) => tag)).map(({ type, start: first, end: after }) => {
      const [start, end] = [words[first][0], words[after - 1][1]];
      const score = decoded.slice(first, after).reduce((sum, { score: ofWord }) => sum + ofWord, 0) / (after - first);
      return { entity_group: type, score, word: text.slice(start, end), start, end };
    });
  }
}

guard(TokenClassifier);

/**
 * What `entities` gives for one text.
 * @template {AggregationStrategy} A
 * @typedef {A extends 'none' ? TokenEntity[] : EntityGroup[]} Entities
 */
