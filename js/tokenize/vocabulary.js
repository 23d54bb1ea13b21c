// Reads a tokenizer's files: tokenizer.json, or vocab.txt and what older versions of `transformers` wrote beside it. Gives the pieces as
// the content of a vocab.txt, the added tokens, and how text is normalized.
import { fetchPart } from '../base/fetch-part.js';
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
 * @property {import('./added-token-search.js').AddedTokens} [search] finds `added` in texts; undefined if there are none
 * @property {string} location path or URL of the file that it is from, for messages
 */

/** @typedef {import('./tokenizer-json.js').Normalizer} Normalizer */

/** bertlet_tokenizer_flags. @param {Normalizer} normalizer */
export function toFlags({ lowercase = true, stripAccents, cleanText = true, splitChinese = true }) {
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
export const readVocabulary = async (source, options = {}) => withSearch(await readTokenizerFiles(source, options));

/**
 * The vocabulary with `search`, which can't be stored, as far as there is something to find.
 * @param {Vocabulary} vocabulary
 * @returns {Promise<Vocabulary>}
 */
export async function withSearch(vocabulary) {
  const { added, flags } = vocabulary;
  if (added.length === 0) return vocabulary;
  const { AddedTokens } = await fetchPart(() => import('./added-token-search.js'));
  return { ...vocabulary, search: new AddedTokens(added, flags) };
}

/**
 * Reads what `readVocabulary` reads, without `search`.
 * @param {Source} source
 * @param {{ lowercase?: boolean, signal?: AbortSignal }} options
 * @returns {Promise<Vocabulary>} rejects as `readVocabulary`
 */
async function readTokenizerFiles(source, { lowercase, signal }) {
  const found = await readOptional(source, 'tokenizer_config.json', signal);
  const config = 'bytes' in found ? parseJson(found.bytes, found.location) : {};
  checkTokenizerConfig(config, found);
  const decoder = config.added_tokens_decoder;
  if (decoder !== undefined && (typeof decoder !== 'object' || decoder === null)) {
    const location = source.locate('tokenizer_config.json');
    throw new BertletError('BAD_VOCABULARY', `${location}: added_tokens_decoder is not an object.`);
  }
  const text = decoder && (await readOptional(source, 'vocab.txt', signal));
  if (text && 'bytes' in text) return fromText(text, { config }, lowercase);
  const json = await readOptional(source, 'tokenizer.json', signal);
  if ('bytes' in json) return fromJson(json, config, lowercase);
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
 * Reads a JSON file that need not be there.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} undefined if there is no such file
 */
async function readObject(source, file, signal) {
  const found = await readOptional(source, file, signal);
  return 'bytes' in found ? parseJson(found.bytes, found.location) : undefined;
}

/**
 * The vocabulary of a vocab.txt and the files beside it. Rejects with BAD_VOCABULARY.
 * @param {{ bytes: Uint8Array<ArrayBuffer>, location: string }} text vocab.txt
 * @param {import('./added-token-files.js').TokenFiles} files
 * @param {boolean | undefined} lowercase
 * @returns {Promise<Vocabulary>}
 */
async function fromText({ bytes, location }, files, lowercase) {
  /** @type {import('./added-tokens.js').AddedToken[]} */
  let added = [];
  if (Object.values(files).some((json) => json && Object.keys(json).length > 0)) {
    const { readAddedTokens } = await fetchPart(() => import('./added-token-files.js'));
    /** @type {Map<string, number> | undefined} */
    let ids;
    const idOf = (/** @type {string} */ piece) => (ids ??= idsByPiece(bytes)).get(piece);
    added = readAddedTokens(files, { idOf, size: () => countLines(bytes) }, location);
  }
  const flags = toFlags(override(fromTokenizerConfig(files.config), lowercase));
  return { bytes: padToIds(added, bytes), flags, added, location };
}

/**
 * The vocabulary of a tokenizer.json.
 * @param {{ bytes: Uint8Array, location: string }} file tokenizer.json
 * @param {any} config tokenizer_config.json, whose settings count where its class builds the tokenizer from them
 * @param {boolean | undefined} lowercase
 * @returns {Promise<Vocabulary>} rejects with BAD_VOCABULARY, or with BAD_CONFIG for damaged JSON
 */
async function fromJson({ bytes: file, location }, config, lowercase) {
  const { parseTokenizerJson } = await fetchPart(() => import('./tokenizer-json.js'));
  const { bytes, normalizer, added } = parseTokenizerJson(parseJson(file, location), location, config);
  const asItIs = ['PreTrainedTokenizerFast', 'TokenizersBackend'].includes(config.tokenizer_class);
  const given = Object.entries(asItIs ? {} : fromTokenizerConfig(config)).filter(([, value]) => value !== undefined);
  const settings = { ...normalizer, ...Object.fromEntries(given) };
  return { bytes, flags: toFlags(override(settings, lowercase)), added, location };
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
    const { location } = /** @type {{ location: string }} */ (config);
    throw new BertletError(
      'BAD_VOCABULARY',
      `${location} asks for another tokenizer (${JSON.stringify([wordType, subwordType])}); bertlet has BERT's own, basic and wordpiece.`,
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
