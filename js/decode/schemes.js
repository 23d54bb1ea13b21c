// The schemes in which tags say where entities begin and end: recognizing, reading and writing them.
import { BertletError } from '../errors.js';
import { parseTag, tagSpans } from './tags.js';

// IOB2   B- for an entity's first word, I- for the others (also called BIO)
// IOB1   I- for all words, but B- for the first one right after an entity of the same type (CoNLL-2003)
// IOE2   E- for the last word, I- for the others
// IOE1   I- for all words, but E- for the last one right before an entity of the same type
// IOBES  B-, I-, and E- for the last of several words, S- for a single one
// BILOU  IOBES with L- for E-, U- for S-

/** @typedef {import('./tags.js').TagSpan} TagSpan */
/** @typedef {import('../types.js').Scheme} Scheme */
/** @typedef {Scheme | 'IO'} AnyScheme IO: a type alone, or I-; neighbouring entities of the same type can't be told apart */

/**
 * What seqeval's strict mode takes for the start, the inside and the end of an entity, from its scheme.py: each pattern is the prefix
 * before, the prefix here ("*" is any), and "=" where the type must be the same, "!" where it must differ. An end is seen at the word after.
 */
const IOBES = { letters: 'OBIES', start: ['*B', '*S'], inside: ['BI=', 'BE=', 'II=', 'IE='], end: ['S*', 'E*'] };
const PATTERNS = {
  IOB1: {
    letters: 'OBI',
    start: ['OI', 'II!', 'BI', 'IB=', 'BB='],
    inside: ['BI=', 'II='],
    end: ['II!', 'IO', 'IB', 'BO', 'BI!', 'BB='],
  },
  IOB2: {
    letters: 'OBI',
    start: ['*B'],
    inside: ['BI=', 'II='],
    end: ['IO', 'II!', 'IB', 'BO', 'BI!', 'BB'],
  },
  IOE1: {
    letters: 'OIE',
    start: ['OI', 'II!', 'EI', 'EE='],
    inside: ['II=', 'IE='],
    end: ['II!', 'IO', 'IE!', 'EI=', 'EE='],
  },
  IOE2: { letters: 'OIE', start: ['OI', 'OE', 'EI', 'EE', 'II!', 'IE!'], inside: ['IE=', 'II='], end: ['E*'] },
  IOBES,
  BILOU: { ...IOBES, letters: 'OBILU' },
};

/** The names of all schemes. */
export const schemes = /** @type {Scheme[]} */ (Object.keys(PATTERNS));

/** The letter of a tag's prefix; '' for a type alone. @param {string} tag */
const letterOf = (tag) => (/^([BIELSU](-|$)|O$)/.test(tag) ? tag[0] : '');

/**
 * The scheme of tags. Their prefixes tell it, but for B- and I- (or E- and I-): then it is the one of IOB1 and IOB2 in which fewer entities
 * begin wrongly.
 * @param {string[][]} sentences [sentences][words]
 * @param {string[]} [labels] all that may occur
 * @returns {AnyScheme}
 */
export function schemeOf(sentences, labels = sentences.flat()) {
  const letters = new Set(labels.map(letterOf));
  if (letters.has('L') || letters.has('U')) return 'BILOU';
  if (letters.has('S') || (letters.has('B') && letters.has('E'))) return 'IOBES';
  if (letters.has('B')) return marksAll(sentences, 'B') ? 'IOB2' : 'IOB1';
  if (letters.has('E')) return marksAll(sentences, 'E') ? 'IOE2' : 'IOE1';
  return 'IO';
}

/**
 * Whether every entity has the mark, rather than only those that touch another one of the same type. Counts what speaks against each.
 * @param {string[][]} sentences
 * @param {'B' | 'E'} mark of the first, or of the last word
 */
function marksAll(sentences, mark) {
  let [unmarked, needless] = [0, 0];
  for (const tags of sentences) {
    const spans = tagSpans(tags);
    spans.forEach(({ type, start, end }, i) => {
      const [own, other] = mark === 'B' ? [start, spans[i - 1]] : [end - 1, spans[i + 1]];
      const touches = other?.type === type && (mark === 'B' ? other.end === start : other.start === end);
      if (parseTag(tags[own]).prefix !== mark) unmarked++;
      else if (!touches) needless++;
    });
  }
  return unmarked <= needless;
}

/**
 * The entities of a sentence as seqeval's strict mode finds them: only those whose tags are valid in the scheme. Throws BAD_LABELS for
 * tags that it doesn't have.
 * @param {string[]} tags [words]
 * @param {Scheme} scheme
 * @returns {TagSpan[]}
 */
export function strictSpans(tags, scheme) {
  const { letters, start, inside, end } = PATTERNS[scheme];
  const foreign = tags.find((tag) => !letters.includes(letterOf(tag) || '?'));
  if (foreign !== undefined)
    throw new BertletError(
      'BAD_LABELS',
      `${scheme} has no tag "${foreign}"; its prefixes are ${[...letters].join(', ')}.`,
    );
  const outside = parseTag('O');
  const parsed = [...tags.map(parseTag), outside];
  const fits = (/** @type {string[]} */ patterns, /** @type {number} */ i) => {
    const [before, here] = [parsed[i - 1] ?? outside, parsed[i]];
    return patterns.some(
      ([first, second, types]) =>
        (first === '*' || first === before.prefix) &&
        (second === '*' || second === here.prefix) &&
        (types === undefined || (types === '=') === (before.type === here.type)),
    );
  };
  /** @type {TagSpan[]} */
  const spans = [];
  for (let i = 0; i < tags.length;) {
    const first = i++;
    if (!fits(start, first)) continue;
    while (fits(inside, i)) i++;
    if (fits(end, i)) spans.push({ type: parsed[first].type, start: first, end: i });
  }
  return spans;
}

/**
 * The prefix of a word: whether it is the `first` or `last` of its entity, and whether an entity of the same type ends right before
 * (`after`) or begins right behind (`before`) that entity.
 * @type {Record<AnyScheme, (at: { first: boolean, last: boolean, after: boolean, before: boolean }) => string>}
 */
const PREFIX = {
  IO: () => 'I',
  IOB1: ({ first, after }) => (first && after ? 'B' : 'I'),
  IOB2: ({ first }) => (first ? 'B' : 'I'),
  IOE1: ({ last, before }) => (last && before ? 'E' : 'I'),
  IOE2: ({ last }) => (last ? 'E' : 'I'),
  IOBES: ({ first, last }) => (first ? (last ? 'S' : 'B') : last ? 'E' : 'I'),
  BILOU: ({ first, last }) => (first ? (last ? 'U' : 'B') : last ? 'L' : 'I'),
};

/**
 * The tags of a sentence in another scheme, for the entities that `tagSpans` finds.
 * @param {string[]} tags [words] of any scheme
 * @param {AnyScheme} scheme
 * @returns {string[]} [words]
 */
export function convertTags(tags, scheme) {
  const spans = tagSpans(tags);
  const converted = tags.map(() => 'O');
  spans.forEach(({ type, start, end }, i) => {
    const [previous, next] = [spans[i - 1], spans[i + 1]];
    const after = previous?.type === type && previous.end === start;
    const before = next?.type === type && next.start === end;
    for (let word = start; word < end; word++) {
      const prefix = PREFIX[scheme]({ first: word === start, last: word === end - 1, after, before });
      converted[word] = type === '_' ? prefix : `${prefix}-${type}`;
    }
  });
  return converted;
}
