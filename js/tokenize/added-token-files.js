// Where the files of a tokenizer say which tokens were added: in each of the forms that versions of `transformers` have written.
import { BertletError } from '../errors.js';
import { parseAddedTokens, SPECIALS } from './added-tokens.js';

/** The keys by which files name the special tokens of BERT. @type {[key: string, token: string][]} */
const ROLES = SPECIALS.map((token) => [`${token.slice(1, -1).toLowerCase()}_token`, token]);

/** The keys of further special tokens. */
const FURTHER = ['additional_special_tokens', 'extra_special_tokens'];

/**
 * @typedef {object} TokenFiles contents of JSON files; undefined: there is no such file, or it needn't be read
 * @property {any} [config] tokenizer_config.json
 * @property {any} [specialTokensMap] special_tokens_map.json: special tokens, as strings or with flags
 * @property {any} [addedTokens] added_tokens.json: ids by content
 * @property {any} [listed] added_tokens of tokenizer.json
 */

/**
 * Reads all added tokens. Throws BAD_VOCABULARY.
 * @param {TokenFiles} files
 * @param {{ idOf: (piece: string) => number | undefined, size: () => number }} vocabulary `size`: number of ids
 * @param {string} location path or URL of the tokenizer, for messages
 * @returns {import('./added-tokens.js').AddedToken[]} as `parseAddedTokens`
 */
export const readAddedTokens = (files, vocabulary, location) =>
  parseAddedTokens(collectAddedTokens(files, vocabulary, location), location);

/**
 * All added tokens, as a tokenizer.json lists them.
 * @param {TokenFiles} files
 * @param {{ idOf: (piece: string) => number | undefined, size: () => number }} vocabulary `size`: number of ids
 * @param {string} location path or URL of the tokenizer, for messages
 * @returns {any[]} to be checked by `parseAddedTokens`; throws BAD_VOCABULARY where special tokens have other names than BERT's
 */
function collectAddedTokens({ config = {}, specialTokensMap = {}, addedTokens, listed }, vocabulary, location) {
  const decoder = config.added_tokens_decoder;
  const sources = decoder ? [config] : [config, specialTokensMap];
  checkRoles(sources, location);
  const further = sources.flatMap((source) => FURTHER.flatMap((key) => listOf(source[key])));

  /** By content. @type {Map<unknown, any>} */
  const tokens = new Map();
  const add = (/** @type {any} */ token) => {
    if (!tokens.has(token?.content)) tokens.set(token?.content, token);
  };
  listOf(listed).forEach(add);
  for (const [id, token] of Object.entries(decoder ?? {}))
    add({ ...token, id: /^\d+$/.test(id) ? Number(id) : id, normalized: token?.normalized ?? !token?.special });
  for (const [content, id] of Object.entries(addedTokens ?? {}))
    add({
      content,
      id,
      normalized: !further.some((token) => contentOf(token) === content) && !SPECIALS.includes(content),
    });
  const named = sources.flatMap((source) => ROLES.map(([key]) => source[key]));
  for (const token of [...named.filter(hasFlags), ...further])
    add({ ...(typeof token === 'string' ? {} : token), content: contentOf(token) });

  /** The id after all others. @type {number | undefined} */
  let next;
  const nextId = () => {
    const after =
      next ??
      [...tokens.values()].reduce(
        (max, { id }) => (Number.isInteger(id) && id >= max ? id + 1 : max),
        vocabulary.size(),
      );
    next = after + 1;
    return after;
  };
  return Array.from(tokens.values(), (token) => ({
    ...token,
    id: token.id ?? vocabulary.idOf(token.content) ?? nextId(),
  }));
}

/** @param {any} value @returns {any[]} */
const listOf = (value) => (Array.isArray(value) ? value : []);

/** @param {any} token a string, or an object with flags */
const contentOf = (token) => (typeof token === 'string' ? token : token?.content);

/** @param {any} token */
const hasFlags = (token) =>
  typeof token === 'object' && token !== null && (token.lstrip || token.rstrip || token.single_word);

/**
 * @param {any[]} sources
 * @param {string} location path or URL of the tokenizer, for messages
 */
function checkRoles(sources, location) {
  for (const source of sources)
    for (const [key, token] of ROLES) {
      const given = source[key] ?? token;
      if (contentOf(given) === token) continue;
      throw new BertletError(
        'BAD_VOCABULARY',
        `${location} has ${JSON.stringify(contentOf(given))} for ${key}; bertlet has BERT's own special tokens, here ${token}.`,
      );
    }
}
