// The options that name a model, and working with it: whatever happens, its worker is ended.
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { BertletError } from '../errors.js';
import { load } from '../index.js';
import { choice, integer } from './arguments.js';
import { readHeadFile } from './head-folder.js';

/**
 * @typedef {import('../index.js').Model} Model
 * @typedef {import('../heads/fit.js').AnyHead} Head
 * @typedef {import('./main.js').Context} Context
 */

/** An example for messages: the model that the project is tested with. */
export const exampleModel = 'sentence-transformers/all-MiniLM-L6-v2';

/** @type {import('./arguments.js').Options} */
export const modelOptions = {
  model: { type: 'string' },
  dtype: { type: 'string' },
  threads: { type: 'string' },
};

export const modelHelp = `  --dtype f32|int8       numbers to compute with (default: f32; int8 is the faster)
  --threads N            threads to compute with (default: up to 4)`;

/**
 * Loads a model, works with it and ends it.
 * @template T
 * @param {string} spec folder, URL or hub id
 * @param {Context} context
 * @param {(bert: Model) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withModel(spec, { values, signal, progress }, work) {
  const dtype = choice(values, 'dtype', ['f32', 'int8']);
  const threads = integer(values, 'threads', 1);
  // A head remembers its model in these words, and may be used from another folder.
  const bert = await load(existsSync(spec) ? resolve(spec) : spec, {
    ...(dtype && { dtype }),
    ...(threads && { threads }),
    signal,
    onProgress: progress.report,
    onWarning: (message) => progress.warn(message),
  });
  try {
    return await work(bert);
  } finally {
    progress.clear();
    await bert.dispose();
  }
}

/**
 * Loads a head and its base model (the one that `--model` names, or else the one it was trained on), works with the head and
 * ends the model.
 * @template T
 * @param {string} path
 * @param {Context} context
 * @param {(head: Head) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withHead(path, context, work) {
  const { bytes, baseModel } = await readHeadFile(path);
  const given = /** @type {string | undefined} */ (context.values.model);
  if (given === undefined && isAbsolute(baseModel) && !existsSync(baseModel)) {
    throw new BertletError(
      'FILE_NOT_FOUND',
      `${baseModel}, the model on which ${path} was trained, is no longer there. --model says where it is now.`,
    );
  }
  const spec = given ?? baseModel;
  return withModel(spec, context, async (bert) => work(await bert.loadHead(bytes, { signal: context.signal })));
}
