// bertlet tokenize: texts to token ids, tokens and offsets. It needs a vocabulary, but no model.
import { loadTokenizer } from '../../index.js';
import { choice, required } from '../lib/arguments.js';
import { readTexts } from '../lib/input.js';
import { mentionMissingFolder } from '../lib/model.js';

export const summary = 'split texts into WordPiece tokens';

export const help = `Usage: bertlet tokenize --tokenizer PATH [options] [FILE]

Splits each text into WordPiece tokens, as Hugging Face's tokenizers do. Prints, for each text, one line:
  {"ids":[…],"tokens":[…],"offsets":[[start,end],…]}
special tokens included; offsets are UTF-16 indices into the text.

  --tokenizer PATH         vocab.txt, tokenizer.json, or a folder that holds one of them
  --lowercase true|false   override what the tokenizer's files say (default for vocab.txt alone: true)
  --json                   each line is a JSON string, so that a text may hold line ends
  FILE                     texts, one per line (default: standard input)`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  tokenizer: { type: 'string' },
  lowercase: { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @param {import('../lib/command.js').Context} context */
export async function run({ values, files, signal, output }) {
  const path = required(values, 'tokenizer', 'bert-base-uncased/vocab.txt');
  const lowercase = choice(values, 'lowercase', ['true', 'false']);
  const tokenizer = await loadTokenizer(path, {
    ...(lowercase && { lowercase: lowercase === 'true' }),
    signal,
  }).catch(mentionMissingFolder([path]));
  try {
    for await (const { texts } of readTexts(files[0], { json: values.json === true, signal })) {
      const results = await tokenizer.tokenize(texts);
      await output.write(results.map(({ ids, tokens, offsets }) => ({ ids: Array.from(ids), tokens, offsets })));
    }
  } finally {
    tokenizer.dispose();
  }
}
