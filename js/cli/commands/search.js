// bertlet search: the texts most similar to a query.
import { BertletError } from '../../errors.js';
import { search } from '../../api/similarity.js';
import { integer, required, UsageError } from '../lib/arguments.js';
import { readTexts } from '../lib/input.js';
import { exampleModel, modelHelp, modelOptions, withModel, withSavedHead } from '../lib/model.js';
import { shortest } from '../lib/output.js';

export const summary = 'find the texts most similar to a query';

export const help = `Usage: bertlet search --model PATH_OR_ID --texts FILE [options] [QUERIES]
       bertlet search --head DIR --texts FILE [options] [QUERIES]

Prints a line for each query, the most similar text first; the score is the cosine similarity of their vectors:
  [{"line":…,"text":…,"score":…},…]

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
  --head DIR             a head that bertlet train has written: the vectors are those of its model with the head's adapter,
                         if it has one; --model is then where the model is, if it is no longer where it was
  --texts FILE           texts to search, one per line; empty lines are skipped
  --top-k N              only the best N texts (default: 5)
  --query-prompt-name NAME, --document-prompt-name NAME
                         which of a sentence-transformers model's prompts is put before queries and before texts
                         (default: those called query and document, if there are any)
${modelHelp}
  --json                 each line of both files is a JSON string, so that a text may hold line ends
  QUERIES                file of queries, one per line (default: standard input)`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  texts: { type: 'string' },
  'top-k': { type: 'string' },
  'query-prompt-name': { type: 'string' },
  'document-prompt-name': { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  const file = required(values, 'texts', 'texts.txt');
  const topK = integer(values, 'top-k', 1);
  const [queryFile = '-'] = files;
  if (file === '-' && queryFile === '-')
    throw new UsageError('texts and queries can not both be standard input; name a file of queries');
  const readOptions = { json: values.json === true, signal };
  /**
   * @param {import('../../index.js').Model} bert
   * @param {import('../../api/heads/any-head.js').AnyHead} [head]
   */
  async function find(bert, head) {
    /**
     * @param {import('../lib/input.js').Batch<string>} batch
     * @param {'query' | 'document'} task
     */
    const embed = ({ texts, line, name }, task) =>
      bert.embed(texts, {
        head,
        task,
        promptName: /** @type {string | undefined} */ (values[`${task}-prompt-name`]),
        signal,
        onWarning: progress.warnAbout(name, (index) => line + index),
      });
    /** @type {{ line: number, text: string }[]} */
    const candidates = [];
    /** @type {Float32Array[]} */
    const vectors = [];
    for await (const batch of readTexts(file, readOptions)) {
      (await embed(batch, 'document')).forEach((vector, index) => {
        const text = batch.texts[index];
        if (text.trim() === '') return;
        candidates.push({ line: batch.line + index, text });
        vectors.push(vector);
      });
    }
    if (vectors.length === 0) throw new BertletError('NO_EXAMPLES', `${file} has no text to search in.`);
    for await (const batch of readTexts(queryFile, readOptions)) {
      const rankings = (await embed(batch, 'query')).map((query) => search(query, vectors, { topK }));
      await output.write(
        rankings.map((hits) =>
          hits.map(({ index, score }) => ({ ...candidates[index], score: shortest(Math.fround(score)) })),
        ),
      );
    }
  }
  if (values.head !== undefined) await withSavedHead(context, () => {}, find);
  else await withModel(required(values, 'model', exampleModel), context, find);
}
