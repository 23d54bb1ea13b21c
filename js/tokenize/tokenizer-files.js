// Writes a tokenizer's files: vocab.txt for people and older programs, tokenizer.json, which has all of it, and tokenizer_config.json.
import { encodeJson } from '../checkpoint/json-writer.js';
import { SPECIAL, TOKENIZER_FLAGS } from '../core/abi.js';
import { SPECIALS } from './added-tokens.js';

/** @typedef {import('./added-tokens.js').AddedToken} AddedToken */

/** The class of the tokenizer in `transformers`, by model_type; BERT's for all others. @type {Map<string, string>} */
const CLASSES = new Map([
  ['distilbert', 'DistilBertTokenizer'],
  ['electra', 'ElectraTokenizer'],
]);

/**
 * @param {import('./tokenizer.js').Tokenizer} tokenizer
 * @param {{ modelType: string, maxTokens: number, hasTypes: boolean }} options `maxTokens`: to which texts are cut by default; `hasTypes`:
 *   whether the model has token types
 * @returns {Record<string, Uint8Array<ArrayBuffer>>} by name
 */
export function writeTokenizerFiles(tokenizer, { modelType, maxTokens, hasTypes }) {
  const { bytes, flags, added } = tokenizer.vocabulary;
  const has = (/** @type {number} */ flag) => (flags & flag) !== 0;
  const { LOWERCASE, STRIP_ACCENTS, CLEAN_TEXT, SPLIT_CHINESE_CHARS } = TOKENIZER_FLAGS;
  const listed = addedTokens(added, tokenizer.specials);
  const [clsId, sepId] = [tokenizer.specials[SPECIAL.CLS], tokenizer.specials[SPECIAL.SEP]];
  const special = (/** @type {string} */ id, /** @type {number} */ type) => ({ SpecialToken: { id, type_id: type } });
  const text = (/** @type {string} */ id, /** @type {number} */ type) => ({ Sequence: { id, type_id: type } });
  const single = [special('[CLS]', 0), text('A', 0), special('[SEP]', 0)];
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: listed,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: has(CLEAN_TEXT),
      handle_chinese_chars: has(SPLIT_CHINESE_CHARS),
      strip_accents: has(STRIP_ACCENTS),
      lowercase: has(LOWERCASE),
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, text('B', 1), special('[SEP]', 1)],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [clsId], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [sepId], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: piecesOf(bytes, listed),
    },
  };
  const present = SPECIALS.filter((_, which) => tokenizer.specials[which] >= 0);
  const config = {
    // The classes of BERT's tokenizers clean every text; the general one does as tokenizer.json says.
    tokenizer_class: has(CLEAN_TEXT) ? (CLASSES.get(modelType) ?? 'BertTokenizer') : 'PreTrainedTokenizerFast',
    ...settings(flags, present),
    model_max_length: maxTokens,
    ...(!hasTypes && { model_input_names: ['input_ids', 'attention_mask'] }),
  };
  return {
    'vocab.txt': bytes,
    'tokenizer.json': new TextEncoder().encode(JSON.stringify(json)),
    'tokenizer_config.json': encodeJson(config),
  };
}

/**
 * The files of a vocabulary that belongs to no model yet: vocab.txt, and tokenizer_config.json, without which it would be taken for a
 * lowercased one.
 * @param {string[]} pieces by id, with all special tokens
 * @param {number} flags bertlet_tokenizer_flags with CLEAN_TEXT
 * @returns {Record<'vocab.txt' | 'tokenizer_config.json', Uint8Array<ArrayBuffer>>}
 */
export const writeVocabularyFiles = (pieces, flags) => ({
  'vocab.txt': new TextEncoder().encode(pieces.map((piece) => `${piece}\n`).join('')),
  'tokenizer_config.json': encodeJson({ tokenizer_class: 'BertTokenizer', ...settings(flags, SPECIALS) }),
});

/**
 * What tokenizer_config.json says of how texts are normalized, and of the special tokens.
 * @param {number} flags bertlet_tokenizer_flags
 * @param {string[]} specials that there are
 */
function settings(flags, specials) {
  const { LOWERCASE, STRIP_ACCENTS, SPLIT_CHINESE_CHARS } = TOKENIZER_FLAGS;
  return {
    do_lower_case: (flags & LOWERCASE) !== 0,
    strip_accents: (flags & STRIP_ACCENTS) !== 0,
    tokenize_chinese_chars: (flags & SPLIT_CHINESE_CHARS) !== 0,
    ...Object.fromEntries(specials.map((token) => [`${token.slice(1, -1).toLowerCase()}_token`, token])),
  };
}

/**
 * The added tokens as tokenizer.json lists them, by id.
 * @param {AddedToken[]} added
 * @param {number[]} specials ids of SPECIALS, -1 of one that there is not
 */
function addedTokens(added, specials) {
  const listed = added.map(({ content, id, singleWord, lstrip, rstrip, normalized }) => ({
    id,
    content,
    single_word: singleWord,
    lstrip,
    rstrip,
    normalized,
    special: SPECIALS.includes(content),
  }));
  SPECIALS.forEach((content, which) => {
    const id = specials[which];
    if (id < 0 || listed.some((token) => token.content === content)) return;
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    listed.push({ id, content, ...flags, special: true });
  });
  return listed.sort((a, b) => a.id - b.id);
}

/**
 * The pieces with their ids. An id below an added token's that has none gets one that no text has: `tokenizers` numbers tokens that
 * are no pieces by how many pieces there are.
 * @param {Uint8Array} bytes vocab.txt
 * @param {{ id: number }[]} listed added tokens
 * @returns {Record<string, number>}
 */
function piecesOf(bytes, listed) {
  const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
  const pieces = lines.map((line) => line.trimEnd());
  const lastAdded = Math.max(...listed.map(({ id }) => id));
  const isAdded = new Set(listed.map(({ id }) => id));
  const last = new Map(pieces.map((piece, id) => [piece, id])); // as the core and `tokenizers` take a piece that is there twice
  /** @type {Map<string, number>} */
  const ids = new Map();
  pieces.forEach((piece, id) => {
    if (piece !== '' && last.get(piece) === id) ids.set(piece, id);
    else if (id < lastAdded && !isAdded.has(id)) ids.set(`[hole ${id}]`, id);
  });
  return Object.fromEntries(ids);
}
