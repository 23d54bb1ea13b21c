// What a tokenizer needs to know, from vocab.txt and tokenizer_config.json or from tokenizer.json: the pieces as the bytes of a
// vocab.txt, and how text is normalized.
import { parseJson } from './config.js';
import { BertletError } from './errors.js';
import { readOptional } from './sources.js';

/** bertlet_tokenizer_flags */
const LOWERCASE = 1;
const STRIP_ACCENTS = 2;
const CLEAN_TEXT = 4;
const SPLIT_CHINESE_CHARS = 8;

const MAX_IDS = 2 ** 22;

/**
 * @typedef {object} Vocabulary
 * @property {Uint8Array<ArrayBuffer>} bytes content of a vocab.txt
 * @property {number} flags bertlet_tokenizer_flags
 * @property {string} where it comes from, in words
 */

/**
 * @typedef {object} Normalizer as far as the files say
 * @property {boolean} [lowercase]
 * @property {boolean | null} [stripAccents] null or undefined: the same as lowercase
 * @property {boolean} [cleanText]
 * @property {boolean} [splitChinese]
 */

/** @param {Normalizer} normalizer */
function toFlags({ lowercase = true, stripAccents, cleanText = true, splitChinese = true }) {
  return (
    (lowercase ? LOWERCASE : 0) |
    ((stripAccents ?? lowercase) ? STRIP_ACCENTS : 0) |
    (cleanText ? CLEAN_TEXT : 0) |
    (splitChinese ? SPLIT_CHINESE_CHARS : 0)
  );
}

/**
 * @param {import('./sources.js').Source} source
 * @param {{ lowercase?: boolean, signal?: AbortSignal }} [options] `lowercase` overrides what the files say
 * @returns {Promise<Vocabulary>}
 */
export async function readVocabulary(source, { lowercase, signal } = {}) {
  const text = await readOptional(source, 'vocab.txt', signal);
  if ('bytes' in text) {
    const config = await readOptional(source, 'tokenizer_config.json', signal);
    const normalizer = 'bytes' in config ? fromTokenizerConfig(parseJson(config.bytes, config.where)) : {};
    return { bytes: text.bytes, flags: toFlags(override(normalizer, lowercase)), where: text.where };
  }
  const json = await readOptional(source, 'tokenizer.json', signal);
  // Neither is there: vocab.txt is the one that users know.
  if ('error' in json) throw json.error.code === 'NOT_A_MODEL' ? json.error : text.error;
  const { bytes, normalizer } = fromTokenizerJson(parseJson(json.bytes, json.where), json.where);
  return { bytes, flags: toFlags(override(normalizer, lowercase)), where: json.where };
}

/**
 * @param {Normalizer} normalizer
 * @param {boolean | undefined} lowercase
 */
const override = (normalizer, lowercase) => (lowercase === undefined ? normalizer : { ...normalizer, lowercase });

/**
 * @param {any} json tokenizer_config.json
 * @returns {Normalizer}
 */
function fromTokenizerConfig(json) {
  return {
    lowercase: json.do_lower_case,
    stripAccents: json.strip_accents,
    splitChinese: json.tokenize_chinese_chars,
  };
}

/**
 * @param {any} json tokenizer.json of Hugging Face's `tokenizers`
 * @param {string} where
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, normalizer: Normalizer }}
 */
function fromTokenizerJson(json, where) {
  /** @param {string} what */
  const unsupported = (what) =>
    new BertletError('BAD_VOCABULARY', `${where} ${what}; bertlet has BERT's own tokenizer, WordPiece.`);

  const { model, normalizer, pre_tokenizer: preTokenizer } = json;
  if (!model?.vocab || typeof model.vocab !== 'object' || (model.type ?? 'WordPiece') !== 'WordPiece') {
    throw unsupported(`describes a tokenizer of type "${model?.type}"`);
  }
  if ((model.continuing_subword_prefix ?? '##') !== '##' || (model.unk_token ?? '[UNK]') !== '[UNK]') {
    throw unsupported('marks word pieces or unknown words in a way of its own');
  }
  if (normalizer?.type !== 'BertNormalizer') throw unsupported(`has a normalizer "${normalizer?.type}"`);
  if (preTokenizer?.type !== 'BertPreTokenizer') throw unsupported(`has a pre-tokenizer "${preTokenizer?.type}"`);

  /** @type {string[]} */
  const pieces = [];
  const added = Array.from(json.added_tokens ?? [], (/** @type {any} */ token) => [token?.content, token?.id]);
  for (const [piece, id] of [...Object.entries(model.vocab), ...added]) {
    if (
      typeof piece !== 'string' ||
      piece.includes('\n') || // it would be two lines, and all ids after it wrong
      !Number.isInteger(id) ||
      id < 0 ||
      id >= MAX_IDS ||
      (pieces[id] ?? piece) !== piece
    ) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${where}: the piece ${JSON.stringify(piece)} has the id ${id}, which can't be.`,
      );
    }
    pieces[id] = piece;
  }
  return {
    // An id without a piece is an empty line.
    bytes: new TextEncoder().encode(Array.from(pieces, (piece) => `${piece ?? ''}\n`).join('')),
    normalizer: {
      lowercase: normalizer.lowercase,
      stripAccents: normalizer.strip_accents,
      cleanText: normalizer.clean_text,
      splitChinese: normalizer.handle_chinese_chars,
    },
  };
}
