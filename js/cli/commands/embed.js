// bertlet embed: texts to vectors.
import { choice, integer, required } from '../lib/arguments.js';
import { readTexts } from '../lib/input.js';
import { exampleModel, modelHelp, modelOptions, withModel, withSavedHead } from '../lib/model.js';
import { toNumbers } from '../lib/output.js';

export const summary = 'turn texts into vectors';

export const help = `Usage: bertlet embed --model PATH_OR_ID [options] [FILE]
       bertlet embed --head DIR [options] [FILE]

Turns each text into a vector. Prints, for each text, one line:
  {"embedding":[…]}
or, with --pooling none, one vector for each token, special tokens included:
  {"embeddings":[[…],…]}

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --head DIR             a head that bertlet train has written: the vectors are those of its model with the head's adapter,
                         if it has one; --model is then where the model is, if it is no longer where it was
  --pooling mean|cls|max|none
                         mean of the token vectors, the vector of [CLS], their largest values, or all
                         of them (default: what a sentence-transformers folder says, else mean)
  --layer N              layer whose hidden states are taken, from 0, the embeddings (default: the last)
  --normalize            scale each vector to length 1 (a sentence-transformers folder may do so anyway)
  --prompt-name NAME     which of a sentence-transformers model's prompts is put before every text, such as query
                         (default: what its files say, mostly none)
  --prompt TEXT          what is put before every text instead
${modelHelp}
  --json                 each line is a JSON string, so that a text may hold line ends,
                         or a pair, {"text":…,"text_pair":…}
  FILE                   texts, one per line (default: standard input)`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  pooling: { type: 'string' },
  layer: { type: 'string' },
  normalize: { type: 'boolean' },
  'prompt-name': { type: 'string' },
  prompt: { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  const pooling = choice(values, 'pooling', ['mean', 'cls', 'max', 'none']);
  const layer = integer(values, 'layer', 0);
  const normalize = values.normalize === true ? true : undefined;
  /**
   * @param {import('../../index.js').Model} bert
   * @param {import('../../api/heads/any-head.js').AnyHead} [head]
   */
  async function embed(bert, head) {
    for await (const { texts, line, name } of readTexts(files[0], {
      json: values.json === true,
      pairs: true,
      signal,
    })) {
      const embedOptions = {
        head,
        normalize,
        ...(layer !== undefined && { layer }),
        promptName: /** @type {string | undefined} */ (values['prompt-name']),
        prompt: /** @type {string | undefined} */ (values.prompt),
        signal,
        onWarning: progress.warnAbout(name, (index) => line + index),
      };
      if (pooling === 'none') {
        const vectors = await bert.embed(texts, { ...embedOptions, pooling });
        await output.write(vectors.map((tokens) => ({ embeddings: tokens.map(toNumbers) })));
      } else {
        const vectors = await bert.embed(texts, { ...embedOptions, pooling });
        await output.write(vectors.map((vector) => ({ embedding: toNumbers(vector) })));
      }
    }
  }
  if (values.head !== undefined) await withSavedHead(context, () => {}, embed);
  else await withModel(required(values, 'model', exampleModel), context, embed);
}
