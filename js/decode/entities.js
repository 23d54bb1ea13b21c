// From the logits of tokens to the entities of a text, by the rules of Hugging Face's token-classification pipeline.
import { indexOfMax, rowOf, softmax } from '../base/numbers.js';

/**
 * @typedef {'none' | 'simple' | 'first' | 'average' | 'max'} AggregationStrategy
 *   none     every token by itself
 *   simple   neighbouring tokens of one type together, so that a word may fall apart
 *   first    the same of words, each with the tag of its first token,
 *   average  or with the best tag by the mean of its tokens' probabilities,
 *   max      or with that of its surest token
 */

/**
 * @typedef {{ entity: string, score: number, index: number, word: string, start: number, end: number }} TokenEntity index: of
 *   the token, [CLS] being 0
 */

/** @typedef {{ entity_group: string, score: number, word: string, start: number, end: number }} EntityGroup */

/** @typedef {{ index: number, piece: string, start: number, end: number, continues: boolean, scores: Float64Array }} Token */
/** @typedef {{ tag: string, score: number, word: string, start: number, end: number }} Tagged */

/**
 * The tags of single tokens: the strategy 'none'.
 * @param {string} text
 * @param {Pick<import('../types.js').Encoding, 'tokens' | 'offsets'>} encoding with [CLS] and [SEP], which have no tags
 * @param {ArrayLike<number>} logits [tokens][labels]
 * @param {string[]} labels
 * @param {string[]} [ignore] tags to leave out
 * @returns {TokenEntity[]} in the order of the text
 */
export function tokenEntities(text, encoding, logits, labels, ignore = ['O']) {
  return tokensOf(text, encoding, logits, labels.length)
    .map(({ index, piece, start, end, scores }) => {
      const best = indexOfMax(scores);
      return { entity: labels[best], score: scores[best], index, word: piece, start, end };
    })
    .filter(({ entity }) => !ignore.includes(entity));
}

/**
 * Entities of one or more tokens; `score` is the mean of its tokens' or words'.
 * @param {string} text
 * @param {Pick<import('../types.js').Encoding, 'tokens' | 'offsets'>} encoding with [CLS] and [SEP], which have no tags
 * @param {ArrayLike<number>} logits [tokens][labels]
 * @param {string[]} labels
 * @param {Exclude<AggregationStrategy, 'none'>} [strategy]
 * @param {string[]} [ignore] types to leave out
 * @returns {EntityGroup[]} in the order of the text
 */
export function groupedEntities(text, encoding, logits, labels, strategy = 'simple', ignore = ['O']) {
  /** @type {Token[][]} */
  const words = [];
  for (const token of tokensOf(text, encoding, logits, labels.length)) {
    if (strategy !== 'simple' && token.continues && words.length > 0) words[words.length - 1].push(token);
    else words.push([token]);
  }

  /** @type {Tagged[][]} */
  const groups = [];
  for (const tokens of words) {
    const scores = combine[strategy](tokens.map((token) => token.scores));
    const best = indexOfMax(scores);
    const word = {
      ...spanOf(tokens.map(({ piece, ...span }) => ({ word: piece, ...span }))),
      tag: labels[best],
      score: scores[best],
    };
    const group = groups.at(-1);
    if (group && goesOn(group[group.length - 1].tag, word.tag)) group.push(word);
    else groups.push([word]);
  }
  return groups
    .map((group) => ({
      entity_group: group[0].tag.slice(group[0].tag.indexOf('-') + 1),
      score: mean(group.map(({ score }) => score)),
      ...spanOf(group),
    }))
    .filter(({ entity_group: type }) => !ignore.includes(type));
}

/**
 * @param {string} text
 * @param {Pick<import('../types.js').Encoding, 'tokens' | 'offsets'>} encoding
 * @param {ArrayLike<number>} logits
 * @param {number} labels
 * @returns {Token[]} without [CLS] and [SEP]
 */
function tokensOf(text, { tokens, offsets }, logits, labels) {
  return tokens.slice(1, -1).map((token, i) => {
    const index = i + 1;
    const [start, end] = offsets[index];
    const written = text.slice(start, end);
    const known = token !== '[UNK]';
    return {
      index,
      start,
      end,
      piece: known ? token : written,
      // The pipeline's rule, in code points; it is true of "##ing", and of a letter that lost its combining accent.
      continues: known && [...token].length !== [...written].length,
      scores: softmax(rowOf(logits, index, labels)),
    };
  });
}

/** The scores [labels] of a word from those of its tokens. @type {Record<string, (tokens: Float64Array[]) => Float64Array>} */
const combine = {
  simple: ([only]) => only,
  first: ([first]) => first,
  average: (tokens) => tokens[0].map((_, label) => mean(tokens.map((scores) => scores[label]))),
  max: (tokens) => tokens.reduce((best, scores) => (Math.max(...scores) > Math.max(...best) ? scores : best)),
};

const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Only B- begins an entity beside another of its type; any other tag goes on.
 * @param {string} before
 * @param {string} tag
 */
function goesOn(before, tag) {
  const type = (/** @type {string} */ name) => (/^[BI]-/.test(name) ? name.slice(2) : name);
  return !tag.startsWith('B-') && type(tag) === type(before);
}

/**
 * Parts that follow each other as one.
 * @param {{ word: string, start: number, end: number }[]} parts
 */
function spanOf(parts) {
  const word = parts.map(({ word: piece }, i) => tidy(i === 0 ? piece : joined(piece))).join('');
  return { word, start: parts[0].start, end: parts[parts.length - 1].end };
}

const joined = (/** @type {string} */ piece) => (piece.startsWith('##') ? piece.slice(2) : ` ${piece}`);

/** Spaces that the WordPiece decoder of `tokenizers` takes out. @param {string} word */
const tidy = (word) =>
  word
    .replace(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(' do not', " don't")
    .replace(/ '(s|ve|re)/g, "'$1");
