// The tags of named-entity recognition, such as "B-person": a prefix for the word's position in the entity, and the entity's type.

/** @typedef {{ type: string, start: number, end: number }} TagSpan an entity of the words `start` to `end` - 1 */

/** IOBES's prefix for each letter: BILOU's L and U are its E and S. @type {Record<string, string>} */
const canonical = { B: 'B', I: 'I', E: 'E', L: 'E', S: 'S', U: 'S' };

/**
 * Splits a tag into prefix and type.
 * @param {string} tag "B-person" or "O". "B" alone has the type "_", as in seqeval; a word without prefix is a type, with prefix I
 * @returns {{ prefix: 'O' | 'B' | 'I' | 'E' | 'S', type: string }}
 */
export function parseTag(tag) {
  if (tag === 'O') return { prefix: 'O', type: '' };
  const prefix = Object.hasOwn(canonical, tag[0]) ? /** @type {'B'} */ (canonical[tag[0]]) : undefined;
  if (prefix && tag.length === 1) return { prefix, type: '_' };
  return prefix && tag[1] === '-' ? { prefix, type: tag.slice(2) || '_' } : { prefix: 'I', type: tag };
}

/**
 * Whether two tags are the same, whatever letters stand for them in their schemes.
 * @param {string} a
 * @param {string} b
 */
export function sameTag(a, b) {
  const [one, other] = [parseTag(a), parseTag(b)];
  return one.prefix === other.prefix && one.type === other.type;
}

/**
 * The entities of a sentence, in order. Invalid sequences are read as seqeval does in its default mode (and conlleval.pl): an entity
 * begins at B or S, after E, S or O, and wherever the type changes. Valid sequences of every scheme are so read rightly.
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
