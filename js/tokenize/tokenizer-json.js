// Reads a tokenizer.json of Hugging Face's `tokenizers`. Only who loads a folder that has one fetches this file.
import { readAddedTokens } from './added-token-files.js';
import { MAX_IDS, parseAddedTokens, SPECIALS } from './added-tokens.js';
import { BertletError } from '../errors.js';

/**
 * @typedef {object} Normalizer settings of BERT's normalizer; undefined: the default
 * @property {boolean} [lowercase]
 * @property {boolean | null} [stripAccents] default (or null): as `lowercase`
 * @property {boolean} [cleanText]
 * @property {boolean} [splitChinese]
 */

/**
 * Throws BAD_VOCABULARY if it is another tokenizer than BERT's, or has ids that can't be right.
 * @param {any} json tokenizer.json of Hugging Face's `tokenizers`
 * @param {string} location path or URL of the file, for messages
 * @param {any} config tokenizer_config.json
 * @returns {{ bytes: Uint8Array<ArrayBuffer>, normalizer: Normalizer, added: import('./added-tokens.js').AddedToken[] }}
 */
export function parseTokenizerJson(json, location, config) {
  /** @param {string} what */
  const unsupported = (what) =>
    new BertletError('BAD_VOCABULARY', `${location} ${what}; bertlet has BERT's own tokenizer, WordPiece.`);

  const { model, normalizer, pre_tokenizer: preTokenizer } = json;
  if (!model?.vocab || typeof model.vocab !== 'object' || (model.type ?? 'WordPiece') !== 'WordPiece') {
    throw unsupported(`describes a tokenizer of type ${JSON.stringify(model?.type)}`);
  }
  if ((model.continuing_subword_prefix ?? '##') !== '##' || (model.unk_token ?? '[UNK]') !== '[UNK]') {
    throw unsupported('has other marks than ## for pieces and [UNK] for unknown words');
  }
  if (normalizer?.type !== 'BertNormalizer') throw unsupported(`has a normalizer ${JSON.stringify(normalizer?.type)}`);
  if (preTokenizer?.type !== 'BertPreTokenizer')
    throw unsupported(`has a pre-tokenizer ${JSON.stringify(preTokenizer?.type)}`);

  if ((model.max_input_chars_per_word ?? 100) !== 100)
    throw unsupported(`has words of up to ${JSON.stringify(model.max_input_chars_per_word)} characters`);
  checkPostProcessor(json.post_processor, unsupported);

  const { added_tokens: listed = [] } = json;
  parseAddedTokens(listed, location);
  const vocabulary = {
    idOf: (/** @type {string} */ piece) => (Object.hasOwn(model.vocab, piece) ? model.vocab[piece] : undefined),
    size: () => Object.keys(model.vocab).length,
  };
  const added = readAddedTokens({ config, listed }, vocabulary, location);
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
      throw new BertletError(
        'BAD_VOCABULARY',
        `${location}: the piece ${JSON.stringify(piece)} can't have the id ${JSON.stringify(id)}.`,
      );
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
    const format = (/** @type {unknown} */ template) =>
      (Array.isArray(template) ? template : [])
        .map((part) => part?.SpecialToken ?? part?.Sequence)
        .map((part) => `${JSON.stringify(part?.id)}:${JSON.stringify(part?.type_id)}`)
        .join(' ');
    const [single, pair] = [format(processor.single), format(processor.pair)];
    if (single !== '"[CLS]":0 "A":0 "[SEP]":0' || pair !== '"[CLS]":0 "A":0 "[SEP]":0 "B":1 "[SEP]":1')
      throw unsupported(`puts other tokens around a text (${single}; ${pair})`);
  } else if (type !== 'BertProcessing' || processor.cls?.[0] !== '[CLS]' || processor.sep?.[0] !== '[SEP]') {
    throw unsupported(`has a post-processor ${JSON.stringify(type)}`);
  }
}
