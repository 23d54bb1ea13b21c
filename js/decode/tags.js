// The tags of named-entity recognition: a prefix that says where in an entity a word stands, and the entity's type.
import { BertletError } from '../errors.js';
import { scoresOf, total } from '../metrics/classification.js';

/**
 * @typedef {'IO' | 'BIO' | 'IOBES' | 'BILOU'} Scheme
 *   IO     a type alone, or I-: entities of the same type that touch are one
 *   BIO    B- begins every entity, I- goes on (also called IOB2)
 *   IOBES  B- and I- with E- for the last word, S- for a single one
 *   BILOU  the same with L- and U-
 */

/** @typedef {{ type: string, start: number, end: number }} TagSpan words `start` .. `end` - 1 */

/** E and S are what IOBES calls L and U. @type {Record<string, string>} */
const canonical = { B: 'B', I: 'I', E: 'E', L: 'E', S: 'S', U: 'S' };

/**
 * @param {string} tag "B-person"; "B" alone has the type "_", as in seqeval; any other word is a type that goes on
 * @returns {{ prefix: 'O' | 'B' | 'I' | 'E' | 'S', type: string }}
 */
export function parseTag(tag) {
  if (tag === 'O') return { prefix: 'O', type: '' };
  const prefix = /** @type {'B' | undefined} */ (canonical[tag[0]]);
  if (prefix && tag.length === 1) return { prefix, type: '_' };
  return prefix && tag[1] === '-' ? { prefix, type: tag.slice(2) || '_' } : { prefix: 'I', type: tag };
}

/**
 * The scheme that a set of tags belongs to.
 * @param {Iterable<string>} tags
 * @returns {Scheme}
 */
export function schemeOf(tags) {
  const letters = new Set([...tags].filter((tag) => /^[BIELSU](-|$)/.test(tag)).map((tag) => tag[0]));
  if (letters.has('L') || letters.has('U')) return 'BILOU';
  if (letters.has('E') || letters.has('S')) return 'IOBES';
  return letters.has('B') ? 'BIO' : 'IO';
}

/**
 * The entities of a sentence, in order. As seqeval in its default mode (and conlleval.pl) it takes any sequence: an entity
 * begins at B or S, after E, S or O, and where the type changes, whatever the prefix.
 * @param {string[]} tags [words] of any scheme
 * @returns {TagSpan[]}
 */
export function tagSpans(tags) {
  /** @type {TagSpan[]} */
  const spans = [];
  let previous = parseTag('O');
  tags.forEach((tag, i) => {
    const { prefix, type } = parseTag(tag);
    if (prefix !== 'O') {
      const begins = prefix === 'B' || prefix === 'S' || 'ESO'.includes(previous.prefix) || type !== previous.type;
      if (begins) spans.push({ type, start: i, end: i + 1 });
      else spans[spans.length - 1].end = i + 1;
    }
    previous = { prefix, type };
  });
  return spans;
}

/** @typedef {import('../metrics/classification.js').Scores} Scores */
/** @typedef {Scores & { types: Record<string, Scores> }} EntityMetrics of all entities together (micro), and of each type */

/**
 * How many entities were found with the right type, first and last word: equal to seqeval's default mode. What is undefined,
 * as the precision of no prediction, is 0.
 * @param {string[][]} truth [sentences][words]
 * @param {string[][]} predicted [sentences][words]
 * @returns {EntityMetrics}
 */
export function entityMetrics(truth, predicted) {
  if (truth.length !== predicted.length) {
    throw new BertletError('BAD_INPUT', `There are ${truth.length} sentences and tags of ${predicted.length}.`);
  }
  /** @type {Map<string, import('../metrics/classification.js').Counts>} */
  const counts = new Map();
  const countsOf = (/** @type {string} */ type) => {
    const known = counts.get(type) ?? { hits: 0, found: 0, support: 0 };
    counts.set(type, known);
    return known;
  };
  truth.forEach((tags, i) => {
    if (tags.length !== predicted[i].length) {
      const problem = `Sentence ${i} has ${tags.length} tags and ${predicted[i].length} predicted ones`;
      throw new BertletError('BAD_INPUT', `${problem}; every word needs one of each.`);
    }
    const key = (/** @type {TagSpan} */ { type, start, end }) => `${start} ${end} ${type}`;
    const gold = tagSpans(tags);
    const known = new Set(gold.map(key));
    for (const { type } of gold) countsOf(type).support += 1;
    for (const span of tagSpans(predicted[i])) {
      countsOf(span.type).found += 1;
      if (known.has(key(span))) countsOf(span.type).hits += 1;
    }
  });

  const types = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, count]) => [type, scoresOf(count)]);
  return { ...scoresOf(total([...counts.values()])), types: Object.fromEntries(types) };
}
