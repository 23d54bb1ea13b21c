// Reads a tokenizer's files, which are vocab.txt and tokenizer_config.json, or tokenizer.json. Gives the pieces as the content of a
// vocab.txt, the added tokens, and how text is normalized.
import { parseAddedTokens, SPECIALS } from './added-tokens.js';
import { parseJson } from '../checkpoint/json.js';
import { TOKENIZER_FLAGS } from '../core/abi.js';
import { BertletError } from '../errors.js';
import { readOptional } from '../io/sources.js';

/** Upper bound of ids, since a damaged file might have ids that need all memory. */
const MAX_IDS = 2 ** 22;

/**
 * @typedef {object} Vocabulary
 * @property {Uint8Array<ArrayBuffer>} bytes content of a vocab.txt: a piece a line, empty for an id that WordPiece must not find
 * @property {number} flags bertlet_tokenizer_flags
 * @property {import('./added-tokens.js').AddedToken[]} added
 * @property {string} location path or URL of the file that it is from, for messages
 */

/**
 * @typedef {object} Normalizer settings of BERT's normalizer; undefined: the default
 * @property {boolean} [lowercase]
 * @property {boolean | null} [stripAccents] default (or null): as `lowercase`
 * @property {boolean} [cleanText]
 * @property {boolean} [splitChinese]
 */

/** bertlet_tokenizer_flags. @param {Normalizer} normalizer */
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
 * Reads the vocabulary of a model's folder, from vocab.txt if it has one.
 * @param {import('../base/platform.js').Source} source
 * @param {{ lowercase?: boolean, signal?: AbortSignal }} [options] `lowercase` overrides what the files say
 * @returns {Promise<Vocabulary>} rejects with BAD_VOCABULARY if bertlet has no such tokenizer, or the files are damaged; with BAD_CONFIG
 *   for damaged JSON; and as `source.open`
 */
export async function readVocabulary(source, { lowercase, signal } = {}) {
  const text = await readOptional(source, 'vocab.txt', signal);
  if ('bytes' in text) {
    const config = await readOptional(source, 'tokenizer_config.json', signal);
    const json = 'bytes' in config ? parseJson(config.bytes, config.location) : {};
    checkTokenizerConfig(json, config);
    const entries = Object.entries(json.added_tokens_decoder ?? {});
    const added = parseAddedTokens(
      entries.map(([id, token]) => ({ ...token, id: Number(id) })),
      source.locate('tokenizer_config.json'),
    );
    const flags = toFlags(override(fromTokenizerConfig(json), lowercase));
    return { bytes: padToIds(added, text.bytes), flags, added, location: text.location };
  }
  const json = await readOptional(source, 'tokenizer.json', signal);
  // If both files are missing, the message names vocab.txt, which users know.
  if ('error' in json) throw json.error.code === 'NOT_A_MODEL' ? json.error : text.error;
  const { bytes, normalizer, added } = fromTokenizerJson(parseJson(json.bytes, json.location), json.location);
  return { bytes, flags: toFlags(override(normalizer, lowercase)), added, location: json.location };
}

/**
 * @param {Normalizer} normalizer
 * @param {boolean | undefined} lowercase
 */
const override = (normalizer, lowercase) => (lowercase === undefined ? normalizer : { ...normalizer, lowercase });

/**
 * Appends empty lines to a vocab.txt until every added token's id is a line.
 * @param {import('./added-tokens.js').AddedToken[]} added
 * @param {Uint8Array<ArrayBuffer>} bytes of a vocab.txt
 */
function padToIds(added, bytes) {
  let lines = bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a ? 1 : 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  const count = Math.max(lines, ...added.map(({ id }) => id + 1));
  if (count === lines || count > MAX_IDS) return bytes;
  const closing = bytes[bytes.length - 1] === 0x0a ? 0 : 1;
  const padded = new Uint8Array(bytes.length + closing + count - lines).fill(0x0a);
  padded.set(bytes);
  return padded;
}

/**
 * Throws BAD_VOCABULARY if it is another tokenizer than BERT's.
 * @param {any} json tokenizer_config.json
 * @param {object} config what `readOptional` gave for it
 */
function checkTokenizerConfig(json, config) {
  const { word_tokenizer_type: wordType = 'basic', subword_tokenizer_type: subwordType = 'wordpiece' } = json;
  if (wordType !== 'basic' || subwordType !== 'wordpiece' || json.do_basic_tokenize === false) {
    const { location } = /** @type {{ location: string }} */ (config);
    throw new BertletError(
      'BAD_VOCABULARY',
      `${location} asks for another tokenizer (${wordType}, ${subwordType}); bertlet has BERT's own, basic and wordpiece.`,
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
 * Throws BAD_VOCABULARY if it is another tokenizer than BERT's, or has ids that can't be right.
 * @param {any} json tokenizer.json of Hugging Face's `tokenizers`
 * @param {string} location path or URL of the file, for messages
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, normalizer: Normalizer, added: import('./added-tokens.js').AddedToken[] }}
 */
function fromTokenizerJson(json, location) {
  /** @param {string} what */
  const unsupported = (what) =>
    new BertletError('BAD_VOCABULARY', `${location} ${what}; bertlet has BERT's own tokenizer, WordPiece.`);

  const { model, normalizer, pre_tokenizer: preTokenizer } = json;
  if (!model?.vocab || typeof model.vocab !== 'object' || (model.type ?? 'WordPiece') !== 'WordPiece') {
    throw unsupported(`describes a tokenizer of type "${model?.type}"`);
  }
  if ((model.continuing_subword_prefix ?? '##') !== '##' || (model.unk_token ?? '[UNK]') !== '[UNK]') {
    throw unsupported('has other marks than ## for pieces and [UNK] for unknown words');
  }
  if (normalizer?.type !== 'BertNormalizer') throw unsupported(`has a normalizer "${normalizer?.type}"`);
  if (preTokenizer?.type !== 'BertPreTokenizer') throw unsupported(`has a pre-tokenizer "${preTokenizer?.type}"`);

  if ((model.max_input_chars_per_word ?? 100) !== 100)
    throw unsupported(`has words of up to ${model.max_input_chars_per_word} characters`);
  checkPostProcessor(json.post_processor, unsupported);

  const added = parseAddedTokens(json.added_tokens ?? [], location);
  /** @type {string[]} */
  const pieces = [];
  // Other added tokens become empty lines, so that WordPiece does not find them; unless the vocabulary has them as pieces, too.
  const specials = (json.added_tokens ?? []).filter((/** @type {any} */ { content }) => SPECIALS.includes(content));
  for (const { id } of added) pieces[id] ??= '';
  for (const [piece, id] of [
    ...Object.entries(model.vocab),
    ...specials.map((/** @type {any} */ { content, id }) => [content, id]),
  ]) {
    if (
      typeof piece !== 'string' ||
      piece.includes('\n') || // two lines, which would shift all ids after it
      !Number.isInteger(id) ||
      id < 0 ||
      id >= MAX_IDS ||
      (pieces[id] || piece) !== piece
    ) {
      throw new BertletError(
        'BAD_VOCABULARY',
        `${location}: the piece ${JSON.stringify(piece)} can't have the id ${id}.`,
      );
    }
    pieces[id] = piece;
  }
  return {
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
 * Throws if the post-processor puts other tokens around texts than [CLS] and [SEP], or gives other types than 0 and, for the second
 * text of a pair, 1.
 * @param {any} processor of a tokenizer.json
 * @param {(what: string) => BertletError} unsupported
 */
function checkPostProcessor(processor, unsupported) {
  if (!processor) return;
  const { type } = processor;
  if (type === 'TemplateProcessing') {
    const format = (/** @type {any[]} */ template) =>
      (template ?? [])
        .map((part) => part.SpecialToken ?? part.Sequence)
        .map((part) => `${part?.id}:${part?.type_id}`)
        .join(' ');
    const [single, pair] = [format(processor.single), format(processor.pair)];
    if (single !== '[CLS]:0 A:0 [SEP]:0' || pair !== '[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1')
      throw unsupported(`puts other tokens around a text ("${single}", "${pair}")`);
  } else if (type !== 'BertProcessing' || processor.cls?.[0] !== '[CLS]' || processor.sep?.[0] !== '[SEP]') {
    throw unsupported(`has a post-processor "${type}"`);
  }
}
