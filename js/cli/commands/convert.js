// bertlet convert: a model's files made small for web pages.
import { choice, required } from '../lib/arguments.js';
import { cannotWrite } from '../lib/output-folder.js';
import { exampleModel, f32ModelHelp, f32ModelOptions, inF32, withModel } from '../lib/model.js';
import { checkModelOutput, writeModelFolder } from '../lib/model-folder.js';

export const summary = 'make the files of a model small, for web pages';

export const help = `Usage: bertlet convert --model PATH_OR_ID --output DIR [options]

Writes a folder that bertlet loads like any other model, with its head, its tokenizer and what sentence-transformers has put beside it:
to be put on a server, or into a repository of a hub. Prints a JSON summary.

  --model PATH_OR_ID     folder, URL or hub id, such as ${exampleModel}
${f32ModelHelp}
  --dtype int8|f16       how weights are written: int8, in 4 to 8 bits (bertlet-int8.safetensors), a fifth of their size in f32,
                         to be loaded in int8, the default; f16, half of it, as any program reads them (default: int8)
  --output DIR           folder to write; what an earlier run has written there is replaced

In int8 bertlet takes bertlet-int8.safetensors where it lies beside model.safetensors, too: it may be added to a repository that has
the original weights.`;

/** @type {import('../lib/arguments.js').Options} */
export const options = {
  ...f32ModelOptions,
  dtype: { type: 'string' },
  output: { type: 'string' },
};

export const maxFiles = 0;

/** @param {import('../lib/command.js').Context} context */
export async function run(context) {
  const { values, signal, output, progress } = context;
  const spec = required(values, 'model', exampleModel);
  const folder = required(values, 'output', 'my-model');
  const dtype = choice(values, 'dtype', ['int8', 'f16']) ?? 'int8';
  await checkModelOutput(folder).catch(cannotWrite(folder));
  await withModel(spec, inF32(context), async (bert) => {
    const files = await bert.export({ dtype, signal, onWarning: (message) => progress.warn(message) });
    await writeModelFolder(folder, files).catch(cannotWrite(folder));
    const bytes = Object.entries(files).map(([name, file]) => [name, file instanceof Blob ? file.size : file.length]);
    await output.write([
      { output: folder, dtype, fingerprint: bert.info.fingerprint, bytes: Object.fromEntries(bytes) },
    ]);
  });
}
