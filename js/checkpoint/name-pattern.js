// Regular expressions from a file, matched in time that no expression can blow up: O(length of expression x length of text^2). They are
// those that say which modules an adapter changes: names, dots, groups, alternatives, classes, repetition.

/**
 * What a part of an expression matches: given a text and a position, all positions at which a match from there may end.
 * @typedef {(text: string, from: number) => Set<number>} Matcher
 */

/** What stands for itself although it isn't a letter or a digit. */
const LITERAL = /[\w\s\-/:,=<>@#%&!~'"]/;

/** The classes that have a letter. @type {Map<string, RegExp>} */
const CLASSES = new Map([
  ['d', /\d/],
  ['D', /\D/],
  ['w', /\w/],
  ['W', /\W/],
  ['s', /\s/],
  ['S', /\S/],
]);

/** An expression with more than what is understood here. */
export class UnknownPattern extends Error {}

/**
 * @param {string} pattern
 * @returns {(text: string) => boolean} whether a text as a whole matches; throws UnknownPattern
 */
export function parsePattern(pattern) {
  let at = 0;
  const fail = () => {
    throw new UnknownPattern(`unknown at ${at}`);
  };

  /** @returns {Matcher} */
  function parseAlternatives() {
    const options = [parseSequence()];
    while (pattern[at] === '|') {
      at += 1;
      options.push(parseSequence());
    }
    return (text, from) => new Set(options.flatMap((option) => [...option(text, from)]));
  }

  /** @returns {Matcher} */
  function parseSequence() {
    /** @type {Matcher[]} */
    const parts = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(parseRepeated());
    return (text, from) =>
      parts.reduce((ends, part) => new Set([...ends].flatMap((end) => [...part(text, end)])), new Set([from]));
  }

  /** @returns {Matcher} */
  function parseRepeated() {
    const atom = parseAtom();
    const mark = pattern[at];
    if (mark !== '*' && mark !== '+' && mark !== '?') return atom;
    at += 1;
    if (pattern[at] === '?') at += 1; // lazy: the same texts match
    if (mark === '?') return remember((text, from) => atom(text, from).add(from));
    return remember((text, from) => {
      const ends = mark === '*' ? new Set([from]) : new Set(atom(text, from));
      for (const end of ends) for (const next of atom(text, end)) ends.add(next); // a set's loop meets what is added to it
      return ends;
    });
  }

  /** @returns {Matcher} */
  function parseAtom() {
    const character = pattern[at++];
    if (character === '(') {
      if (pattern[at] === '?' && pattern[at + 1] !== ':') fail();
      if (pattern[at] === '?') at += 2;
      const inside = parseAlternatives();
      if (pattern[at++] !== ')') fail();
      return remember(inside);
    }
    if (character === '^') return (_, from) => new Set(from === 0 ? [from] : []);
    if (character === '$') return (text, from) => new Set(from === text.length ? [from] : []);
    if (character === '.') return one(() => true);
    if (character === '[') return parseClass();
    if (character === '\\') return one(parseEscaped());
    if (LITERAL.test(character)) return one((found) => found === character);
    return fail();
  }

  /** What follows a backslash. @returns {(character: string) => boolean} */
  function parseEscaped() {
    const escaped = pattern[at++] ?? '';
    const letters = CLASSES.get(escaped);
    if (letters) return (character) => letters.test(character);
    if (/\w/.test(escaped) || escaped === '') fail();
    return (character) => character === escaped;
  }

  /** A class in brackets, of which the first one is read. @returns {Matcher} */
  function parseClass() {
    const not = pattern[at] === '^';
    if (not) at += 1;
    /** @type {((character: string) => boolean)[]} */
    const members = [];
    while (pattern[at] !== ']') {
      const from = pattern[at++];
      if (from === undefined || from === '[') fail();
      if (from === '\\') members.push(parseEscaped());
      else if (pattern[at] === '-' && /[^\]]/.test(pattern[at + 1] ?? ']')) {
        const to = pattern[at + 1];
        at += 2;
        members.push((character) => character >= from && character <= to);
      } else members.push((character) => character === from);
    }
    at += 1;
    return one((character) => members.some((member) => member(character)) !== not);
  }

  const matcher = parseAlternatives();
  if (at < pattern.length) fail();
  return (text) => matcher(text, 0).has(text.length);
}

/**
 * @param {(character: string) => boolean} test
 * @returns {Matcher}
 */
const one = (test) => (text, from) => new Set(from < text.length && test(text[from]) ? [from + 1] : []);

/**
 * A matcher that looks at each position of a text only once; so none of those in it is asked more often either.
 * @param {Matcher} matcher
 * @returns {Matcher}
 */
function remember(matcher) {
  let last = '';
  /** @type {Map<number, Set<number>>} */
  let known = new Map();
  return (text, from) => {
    if (text !== last) [last, known] = [text, new Map()];
    const found = known.get(from) ?? matcher(text, from);
    known.set(from, found);
    return new Set(found);
  };
}
