// Reads a tokenizer's files: tokenizer.json, or vocab.txt and what older versions of `transformers` wrote beside it. Gives the pieces as the content of a
// vocab.txt, the added tokens, and how text is normalized.
import { collectAddedTokens } from './added-token-files.js';
import { MAX_IDS, parseAddedTokens, SPECIALS } from './added-tokens.js';
import { parseJson } from '../checkpoint/json.js';
import { TOKENIZER_FLAGS } from '../core/abi.js';
import { BertletError } from '../errors.js';
import { readOptional } from '../io/sources.js';

/** @typedef {import('../base/platform.js').Source} Source */

/**
 * @typedef {object} Vocabulary
 * @property {Uint8Array<ArrayBuffer>} bytes content of a vocab.txt: a piece a line, empty for an id that WordPiece must not find
 * @property {number} flags bertlet_tokenizer_flags
 * @property {import('./added-tokens.js').AddedToken[]} added
 * @property {string} where path or URL of the file that it is from, for messages
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
 * Reads the vocabulary of a model's folder. Where there are vocab.txt and tokenizer.json, the latter counts, as in `transformers`, unless
 * tokenizer_config.json lists all added tokens.
 * @param {Source} source
 * @param {{ lowercase?: boolean, signal?: AbortSignal }} [options] `lowercase` overrides what the files say
 * @returns {Promise<Vocabulary>} rejects with BAD_VOCABULARY if bertlet has no such tokenizer, or the files are damaged; with BAD_CONFIG
 *   for damaged JSON; and as `source.open`
 */
export async function readVocabulary(source, { lowercase, signal } = {}) {
  const found = await readOptional(source, 'tokenizer_config.json', signal);
  const config = 'bytes' in found ? parseJson(found.bytes, found.where) : {};
  checkTokenizerConfig(config, found);
  const decoder = config.added_tokens_decoder;
  if (decoder !== undefined && (typeof decoder !== 'object' || decoder === null)) {
    const where = source.locate('tokenizer_config.json');
    throw new BertletError('BAD_VOCABULARY', `${where}: added_tokens_decoder is not an object.`);
  }
  const text = decoder && (await readOptional(source, 'vocab.txt', signal));
  if (text && 'bytes' in text) return fromText(text, { config }, lowercase);
  const json = await readOptional(source, 'tokenizer.json', signal);
  if ('bytes' in json) return fromJson(parseJson(json.bytes, json.where), json.where, config, lowercase);
  const alone = text ?? (await readOptional(source, 'vocab.txt', signal));
  // If both files are missing, the message names vocab.txt, which users know.
  if ('error' in alone) throw json.error.code === 'NOT_A_MODEL' ? json.error : alone.error;
  const older = {
    specialTokensMap: await readObject(source, 'special_tokens_map.json', signal),
    addedTokens: await readObject(source, 'added_tokens.json', signal),
  };
  return fromText(alone, { config, ...older }, lowercase);
}

/**
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} undefined when there is no such file
 */
async function readObject(source, file, signal) {
  const found = await readOptional(source, file, signal);
  return 'bytes' in found ? parseJson(found.bytes, found.where) : undefined;
}

/**
 * @param {{ bytes: Uint8Array<ArrayBuffer>, where: string }} text vocab.txt
 * @param {import('./added-token-files.js').TokenFiles} files
 * @param {boolean | undefined} lowercase
 * @returns {Vocabulary}
 */
function fromText({ bytes, where }, files, lowercase) {
  /** @type {Map<string, number> | undefined} */
  let ids;
  const idOf = (/** @type {string} */ piece) => (ids ??= idsByPiece(bytes)).get(piece);
  const vocabulary = { idOf, size: () => countLines(bytes) };
  const added = parseAddedTokens(collectAddedTokens(files, vocabulary, where), where);
  const flags = toFlags(override(fromTokenizerConfig(files.config), lowercase));
  return { bytes: padToIds(added, bytes), flags, added, where };
}

/**
 * @param {any} json tokenizer.json
 * @param {string} where
 * @param {any} config tokenizer_config.json, whose settings count where its class builds the tokenizer from them
 * @param {boolean | undefined} lowercase
 * @returns {Vocabulary}
 */
function fromJson(json, where, config, lowercase) {
  const { bytes, normalizer, added } = fromTokenizerJson(json, where, config);
  const asItIs = ['PreTrainedTokenizerFast', 'TokenizersBackend'].includes(config.tokenizer_class);
  const given = Object.entries(asItIs ? {} : fromTokenizerConfig(config)).filter(([, value]) => value !== undefined);
  const settings = { ...normalizer, ...Object.fromEntries(given) };
  return { bytes, flags: toFlags(override(settings, lowercase)), added, where };
}

/** @param {Uint8Array} bytes of a vocab.txt */
const idsByPiece = (bytes) =>
  new Map(
    new TextDecoder()
      .decode(bytes)
      .split('\n')
      .map((line, id) => [line.trimEnd(), id]),
  );

/** @param {Uint8Array} bytes of a vocab.txt */
function countLines(bytes) {
  let lines = bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a ? 1 : 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  return lines;
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
  const lines = countLines(bytes);
  const count = added.reduce((max, { id }) => Math.max(max, id + 1), lines);
  if (count === lines) return bytes;
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
    const { where } = /** @type {{ where: string }} */ (config);
    throw new BertletError(
      'BAD_VOCABULARY',
      `${where} asks for another tokenizer (${wordType}, ${subwordType}); bertlet has BERT's own, basic and wordpiece.`,
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
 * @param {string} where path or URL of the file, for messages
 * @param {any} config tokenizer_config.json
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, normalizer: Normalizer, added: import('./added-tokens.js').AddedToken[] }}
 */
function fromTokenizerJson(json, where, config) {
  /** @param {string} what */
  const unsupported = (what) =>
    new BertletError('BAD_VOCABULARY', `${where} ${what}; bertlet has BERT's own tokenizer, WordPiece.`);

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

  const { added_tokens: listed = [] } = json;
  parseAddedTokens(listed, where);
  const vocabulary = {
    idOf: (/** @type {string} */ piece) => (Object.hasOwn(model.vocab, piece) ? model.vocab[piece] : undefined),
    size: () => Object.keys(model.vocab).length,
  };
  const added = parseAddedTokens(collectAddedTokens({ config, listed }, vocabulary, where), where);
  /** @type {string[]} */
  const pieces = [];
  // Other added tokens become empty lines, so that WordPiece does not find them; unless the vocabulary has them as pieces, too.
  for (const { id } of added) pieces[id] ??= '';
  const put = (/** @type {string} */ piece, /** @type {any} */ id) => {
    if (
      piece.includes('\n') || // two lines, which would shift all ids after it
      !Number.isInteger(id) ||
      id < 0 ||
      id >= MAX_IDS ||
      (pieces[id] || piece) !== piece
    ) {
      throw new BertletError('BAD_VOCABULARY', `${where}: the piece ${JSON.stringify(piece)} can't have the id ${id}.`);
    }
    pieces[id] = piece;
  };
  for (const piece of Object.keys(model.vocab)) put(piece, model.vocab[piece]);
  for (const { content, id } of listed) if (SPECIALS.includes(content)) put(content, id);
  return {
    bytes: new TextEncoder().encode(`${pieces.join('\n')}\n`), // without a piece, an empty line
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
