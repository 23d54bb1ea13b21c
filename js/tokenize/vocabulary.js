// What a tokenizer needs to know, from vocab.txt and tokenizer_config.json or from tokenizer.json: the pieces as the bytes of a
// vocab.txt, and how text is normalized.
import { parseAddedTokens, SPECIALS } from './added-tokens.js';
import { parseJson } from '../checkpoint/json.js';
import { TOKENIZER_FLAGS } from '../core/abi.js';
import { BertletError } from '../errors.js';
import { readOptional } from '../io/sources.js';

const MAX_IDS = 2 ** 22;

/**
 * @typedef {object} Vocabulary
 * @property {Uint8Array<ArrayBuffer>} bytes content of a vocab.txt
 * @property {number} flags bertlet_tokenizer_flags
 * @property {import('./added-tokens.js').AddedToken[]} added tokens to be found in the text before anything else
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
  const { LOWERCASE, STRIP_ACCENTS, CLEAN_TEXT, SPLIT_CHINESE_CHARS } = TOKENIZER_FLAGS;
  return (
    (lowercase ? LOWERCASE : 0) |
    ((stripAccents ?? lowercase) ? STRIP_ACCENTS : 0) |
    (cleanText ? CLEAN_TEXT : 0) |
    (splitChinese ? SPLIT_CHINESE_CHARS : 0)
  );
}

/**
 * @param {import('../base/platform.js').Source} source
 * @param {{ lowercase?: boolean, signal?: AbortSignal }} [options] `lowercase` overrides what the files say
 * @returns {Promise<Vocabulary>}
 */
export async function readVocabulary(source, { lowercase, signal } = {}) {
  const text = await readOptional(source, 'vocab.txt', signal);
  if ('bytes' in text) {
    const config = await readOptional(source, 'tokenizer_config.json', signal);
    const json = 'bytes' in config ? parseJson(config.bytes, config.where) : {};
    checkTokenizerConfig(json, config);
    const entries = Object.entries(json.added_tokens_decoder ?? {});
    const added = parseAddedTokens(
      entries.map(([id, token]) => ({ ...token, id: Number(id) })),
      source.locate('tokenizer_config.json'),
    );
    const flags = toFlags(override(fromTokenizerConfig(json), lowercase));
    return { bytes: withLinesFor(added, text.bytes), flags, added, where: text.where };
  }
  const json = await readOptional(source, 'tokenizer.json', signal);
  // Neither is there: vocab.txt is the one that users know.
  if ('error' in json) throw json.error.code === 'NOT_A_MODEL' ? json.error : text.error;
  const { bytes, normalizer, added } = fromTokenizerJson(parseJson(json.bytes, json.where), json.where);
  return { bytes, flags: toFlags(override(normalizer, lowercase)), added, where: json.where };
}

/**
 * @param {Normalizer} normalizer
 * @param {boolean | undefined} lowercase
 */
const override = (normalizer, lowercase) => (lowercase === undefined ? normalizer : { ...normalizer, lowercase });

/**
 * Ids beyond the file's, as lines without a piece.
 * @param {import('./added-tokens.js').AddedToken[]} added
 * @param {Uint8Array<ArrayBuffer>} bytes of a vocab.txt
 */
function withLinesFor(added, bytes) {
  let lines = bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a ? 1 : 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  const most = Math.max(lines, ...added.map(({ id }) => id + 1));
  if (most === lines || most > MAX_IDS) return bytes;
  const closing = bytes[bytes.length - 1] === 0x0a ? 0 : 1;
  const longer = new Uint8Array(bytes.length + closing + most - lines).fill(0x0a);
  longer.set(bytes);
  return longer;
}

/**
 * @param {any} json tokenizer_config.json
 * @param {object} config
 */
function checkTokenizerConfig(json, config) {
  const { word_tokenizer_type: words = 'basic', subword_tokenizer_type: pieces = 'wordpiece' } = json;
  if (words !== 'basic' || pieces !== 'wordpiece' || json.do_basic_tokenize === false) {
    const { where } = /** @type {{ where: string }} */ (config);
    throw new BertletError(
      'BAD_VOCABULARY',
      `${where} asks for another tokenizer (${words}, ${pieces}); bertlet has BERT's own, basic and wordpiece.`,
    );
  }
}

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
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, normalizer: Normalizer, added: import('./added-tokens.js').AddedToken[] }}
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

  if ((model.max_input_chars_per_word ?? 100) !== 100)
    throw unsupported(`has words of up to ${model.max_input_chars_per_word} characters`);
  checkPostProcessor(json.post_processor, unsupported);

  const added = parseAddedTokens(json.added_tokens ?? [], where);
  /** @type {string[]} */
  const pieces = [];
  // WordPiece must not find the others: they are lines without a piece, unless the vocabulary has them too.
  const specials = (json.added_tokens ?? []).filter((/** @type {any} */ { content }) => SPECIALS.includes(content));
  for (const { id } of added) pieces[id] ??= '';
  for (const [piece, id] of [
    ...Object.entries(model.vocab),
    ...specials.map((/** @type {any} */ { content, id }) => [content, id]),
  ]) {
    if (
      typeof piece !== 'string' ||
      piece.includes('\n') || // it would be two lines, and all ids after it wrong
      !Number.isInteger(id) ||
      id < 0 ||
      id >= MAX_IDS ||
      (pieces[id] || piece) !== piece
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
    added,
  };
}

/**
 * What is put around a text must be [CLS] and [SEP], with types 0 and, for the second of a pair, 1.
 * @param {any} processor of a tokenizer.json
 * @param {(what: string) => BertletError} unsupported
 */
function checkPostProcessor(processor, unsupported) {
  if (!processor) return;
  const { type } = processor;
  if (type === 'TemplateProcessing') {
    const read = (/** @type {any[]} */ template) =>
      (template ?? [])
        .map((part) => part.SpecialToken ?? part.Sequence)
        .map((part) => `${part?.id}:${part?.type_id}`)
        .join(' ');
    const [single, pair] = [read(processor.single), read(processor.pair)];
    if (single !== '[CLS]:0 A:0 [SEP]:0' || pair !== '[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1')
      throw unsupported(`puts other tokens around a text ("${single}", "${pair}")`);
  } else if (type !== 'BertProcessing' || processor.cls?.[0] !== '[CLS]' || processor.sep?.[0] !== '[SEP]') {
    throw unsupported(`has a post-processor "${type}"`);
  }
}
