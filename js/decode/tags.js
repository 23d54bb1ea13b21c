// The tags of named-entity recognition: a prefix that says where in an entity a word stands, and the entity's type.

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
