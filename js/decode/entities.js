// Turns the logits of tokens into the entities of a text, as Hugging Face's token-classification pipeline does.
import { indexOfMax, rowOf } from '../base/numbers.js';
import { softmax } from '../base/probabilities.js';

/** @typedef {import('../types.js').AggregationStrategy} AggregationStrategy */

/** @typedef {import('../types.js').TokenEntity} TokenEntity */

/** @typedef {import('../types.js').EntityGroup} EntityGroup */

/**
 * @typedef {{ index: number, piece: string, start: number, end: number, continues: boolean, scores: Float64Array }} Token `continues`:
 *   whether it continues the word of the token before; `scores`: [labels] probabilities
 */
/** @typedef {{ tag: string, score: number, word: string, start: number, end: number }} TaggedWord */

/**
 * Each token with its most likely tag: the strategy 'none'.
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
 * Entities of one or more tokens or words; `score` is the mean of theirs.
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

  /** @type {TaggedWord[][]} */
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
    if (group && continuesEntity(group[group.length - 1].tag, word.tag)) group.push(word);
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
 * @param {ArrayLike<number>} logits [tokens][labels]
 * @param {number} labels how many
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
      // The pipeline's rule, which compares lengths in code points. It holds for "##ing", and for a letter whose accent was stripped.
      continues: known && [...token].length !== [...written].length,
      scores: softmax(rowOf(logits, index, labels)),
    };
  });
}

/** The probabilities of a word, [labels], from those of its tokens. @type {Record<string, (tokens: Float64Array[]) => Float64Array>} */
const combine = {
  simple: ([only]) => only,
  first: ([first]) => first,
  average: (tokens) => tokens[0].map((_, label) => mean(tokens.map((scores) => scores[label]))),
  max: (tokens) => tokens.reduce((best, scores) => (Math.max(...scores) > Math.max(...best) ? scores : best)),
};

const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Whether a tag continues the entity of the tag before: it has the same type, and does not begin with B-.
 * @param {string} before
 * @param {string} tag
 */
function continuesEntity(before, tag) {
  const type = (/** @type {string} */ name) => (/^[BI]-/.test(name) ? name.slice(2) : name);
  return !tag.startsWith('B-') && type(tag) === type(before);
}

/**
 * The text and the span of parts that follow each other.
 * @param {{ word: string, start: number, end: number }[]} parts
 */
function spanOf(parts) {
  const word = parts.map(({ word: piece }, i) => cleanUp(i === 0 ? piece : afterOther(piece))).join('');
  return { word, start: parts[0].start, end: parts[parts.length - 1].end };
}

/** A piece behind another one. */
const afterOther = (/** @type {string} */ piece) => (piece.startsWith('##') ? piece.slice(2) : ` ${piece}`);

/** Removes spaces as the WordPiece decoder of `tokenizers` does (`cleanup`). @param {string} word */
const cleanUp = (word) =>
  word
    .replace(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(' do not', " don't")
    .replace(/ '(s|ve|re)/g, "'$1");
