// bertlet fill-mask: words for [MASK].
import { BertletError } from '../../errors.js';
import { integer, required } from '../lib/arguments.js';
import { readTexts } from '../lib/input.js';
import { modelHelp, modelOptions, withModel, withSavedHead } from '../lib/model.js';
import { shortest } from '../lib/output.js';

const example = 'google-bert/bert-base-uncased';

export const summary = 'find words for [MASK] in texts';

export const help = `Usage: bertlet fill-mask --model PATH_OR_ID [options] [FILE]
       bertlet fill-mask --head DIR [options] [FILE]

Finds words for [MASK]. Prints, for each text, one line with the most likely ones:
  [{"score":…,"token":…,"token_str":…,"sequence":…},…]
or, for a text with several masks, an array of such arrays.

  --model PATH_OR_ID     folder, URL or hub id of a model with a masked-LM head, such as
                         ${example}
  --head DIR             a head that bertlet train has written on such a model: the model is used with the head's adapter, if it
                         has one; --model is then where the model is, if it is no longer where it was
  --top-k N              how many words (default: 5)
  --targets A,B,…        choose among these words only
${modelHelp}
  --json                 each line is a JSON string, so that a text may hold line ends
  FILE                   texts, one per line (default: standard input)`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...modelOptions,
  head: { type: 'string' },
  'top-k': { type: 'string' },
  targets: { type: 'string' },
  json: { type: 'boolean' },
};

export const maxFiles = 1;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, files, signal, output, progress } = context;
  const topK = integer(values, 'top-k', 1);
  const targets = typeof values.targets === 'string' ? values.targets.split(',') : undefined;
  /** @param {import('../../types.js').MaskFill[]} fills */
  const rounded = (fills) => fills.map(({ score, ...rest }) => ({ score: shortest(score), ...rest }));
  /**
   * @param {import('../../index.js').Model} bert
   * @param {import('../../api/heads/any-head.js').AnyHead} [head]
   */
  async function fill(bert, head) {
    // Warnings are about --targets, and the same for every batch: one is enough.
    let onWarning = (/** @type {string} */ message) => progress.warn(message);
    for await (const { texts, line, name } of readTexts(files[0], { json: values.json === true, signal })) {
      const without = texts.findIndex((text) => !text.includes('[MASK]'));
      if (without >= 0)
        throw new BertletError('BAD_INPUT', `${name}, line ${line + without}: there is no [MASK] in this text.`);
      const results = await bert.fillMask(texts, { topK, targets, head, signal, onWarning });
      onWarning = () => {};
      await output.write(
        results.map((fills) =>
          Array.isArray(fills[0])
            ? /** @type {import('../../types.js').MaskFill[][]} */ (fills).map(rounded)
            : rounded(/** @type {import('../../types.js').MaskFill[]} */ (fills)),
        ),
      );
    }
  }
  if (values.head !== undefined) await withSavedHead(context, () => {}, fill);
  else await withModel(required(values, 'model', example), context, fill);
}
