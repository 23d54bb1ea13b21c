// The options that name a model, and working with it: whatever happens, its worker is ended.
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { BertletError } from '../../errors.js';
import { readHead, writeHead } from '../../checkpoint/head-file.js';
import { load } from '../../index.js';
import { choice, integer, required } from './arguments.js';
import { readHeadFile } from './head-folder.js';
import { checkOptions } from './tasks.js';

/**
 * @typedef {import('../../index.js').Model} Model
 * @typedef {import('../../api/heads/create.js').AnyHead} Head
 * @typedef {import('./command.js').Context} Context
 */

/** An example for messages: the model that the project is tested with. */
export const exampleModel = 'sentence-transformers/all-MiniLM-L6-v2';

/** @type {import('./arguments.js').Options} */
export const modelOptions = {
  model: { type: 'string' },
  adapter: { type: 'string' },
  dtype: { type: 'string' },
  threads: { type: 'string' },
};

export const modelHelp = `  --adapter DIR          a LoRA adapter in PEFT's format, merged into the model
  --dtype f32|int8       numbers to compute with (default: f32; int8 is the faster)
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
  const adapter = /** @type {string | undefined} */ (values.adapter);
  // A head remembers its model and adapter in these words, and may be used from another folder.
  const bert = await load(existsSync(spec) ? resolve(spec) : spec, {
    ...(dtype && { dtype }),
    ...(threads && { threads }),
    ...(adapter !== undefined && { adapter: existsSync(adapter) ? resolve(adapter) : adapter }),
    signal,
    onProgress: progress.report,
    onWarning: (message) => progress.warn(message),
  }).catch(notFolders(adapter === undefined ? [spec] : [spec, adapter]));
  try {
    return await work(bert);
  } finally {
    progress.clear();
    await bert.dispose();
  }
}

/**
 * What is no folder is taken for a name of the hub: an error that comes from there says so, since it may be a mistyped path.
 * @param {string[]} specs
 * @returns {(error: unknown) => never}
 */
export const notFolders = (specs) => (error) => {
  if (!(error instanceof BertletError)) throw error;
  const { code, message } = error;
  const name = specs.find((spec) => message.includes(`/${spec}/resolve/`) && !existsSync(spec));
  if (name === undefined) throw error;
  throw new BertletError(code, `${message} No folder ${name} is here, either.`, { cause: error });
};

export const headHelp = `  --head DIR             what bertlet train has written, or
  --model PATH_OR_ID     a model with a head of its own, with --adapter the adapter's;
                         beside --head: the base model, if it is no longer where it was`;

/**
 * Loads the head that `--head` names, with its base model (that of `--model`, or else the one it was trained on), or the one that
 * the model or the adapter has itself, works with it and ends the model.
 * @template T
 * @param {Context} context
 * @param {{ command: 'predict' | 'evaluate', labels: string[] | undefined }} given `labels`: of `--labels`, names for the labels of
 *   a model's or an adapter's head, by index
 * @param {(head: Head, info: Model['info']) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withHead(context, { command, labels }, work) {
  const given = /** @type {string | undefined} */ (context.values.model);
  if (context.values.head === undefined && given !== undefined) {
    return withModel(given, context, async (bert) => {
      if (bert.head) {
        checkOptions(command, context.values, bert.head.task);
        return work(labels ? await renamed(bert, bert.head, labels, context) : bert.head, bert.info);
      }
      const from = context.values.adapter === undefined ? given : context.values.adapter;
      const why =
        bert.info.config.problem_type === 'regression'
          ? 'has a head that gives a number (regression), which bertlet can not use'
          : 'has no head of its own';
      throw new BertletError('BAD_HEAD', `${from} ${why}. Train one with bertlet train, and name it with --head.`);
    });
  }
  const path = required(context.values, 'head', 'my-head');
  const { bytes, head } = await readHeadFile(path);
  const { task, baseModel, adapter } = head;
  checkOptions(command, context.values, task);
  if (given === undefined && isAbsolute(baseModel) && !existsSync(baseModel)) {
    throw new BertletError(
      'FILE_NOT_FOUND',
      `${baseModel}, the model on which ${path} was trained, is no longer there. --model says where it is now.`,
    );
  }
  const values = { ...context.values, adapter: context.values.adapter ?? adapter };
  return withModel(given ?? baseModel, { ...context, values }, async (bert) =>
    work(await bert.loadHead(bytes, { signal: context.signal }), bert.info),
  );
}

/**
 * A model's own head with other names for its labels, made by way of the head's file, so that it is in all else the same.
 * @param {Model} bert
 * @param {Head} head
 * @param {string[]} labels
 * @param {Context} context
 * @returns {Promise<Head>}
 */
async function renamed(bert, head, labels, { values, signal, progress }) {
  if (labels.length !== head.labels.length) {
    const [given, own] = [labels, head.labels].map(({ length }) => `${length} ${length === 1 ? 'label' : 'labels'}`);
    throw new BertletError(
      'BAD_LABELS',
      `${values.labels} names ${given}, but the head has ${own}. Name each, by index.`,
    );
  }
  if (labels.every((label) => head.labels.includes(label))) {
    // Its names are right already; a data set may number them in another order.
    if (labels.some((label, i) => label !== head.labels[i]))
      progress.warn(`${values.labels} has the head's labels in another order; the head keeps its own.`);
    return head;
  }
  return bert.loadHead(writeHead({ ...readHead(await head.save()), labels }), { signal });
}
