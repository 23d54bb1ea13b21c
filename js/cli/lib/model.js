// The options that name a model or a head, and loading these for a command.
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
 * @typedef {import('../../api/heads/any-head.js').AnyHead} Head
 * @typedef {import('./command.js').Context} Context
 */

/** The model that help texts and messages give as an example. */
export const exampleModel = 'sentence-transformers/all-MiniLM-L6-v2';

/** Of commands that compute in f32. @type {import('./arguments.js').Options} */
export const f32ModelOptions = {
  model: { type: 'string' },
  adapter: { type: 'string' },
  threads: { type: 'string' },
};

/** @type {import('./arguments.js').Options} */
export const modelOptions = { ...f32ModelOptions, dtype: { type: 'string' } };

export const f32ModelHelp = `  --adapter DIR          a LoRA adapter in PEFT's format, merged into the model
  --threads N            threads to compute on (default: one for each core, up to 4)`;

export const modelHelp = `${f32ModelHelp}
  --dtype int8|f32       numbers to compute in: int8 (the default) is up to four times as fast, f32 gives PyTorch's numbers`;

/**
 * Loads a model, works with it, and disposes of it even if the work fails.
 * @template T
 * @param {string} spec folder, URL or hub id
 * @param {Context} context
 * @param {(bert: Model) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withModel(spec, { values, signal, progress }, work) {
  const dtype = choice(values, 'dtype', ['int8', 'f32']);
  const threads = integer(values, 'threads', 1);
  const adapter = /** @type {string | undefined} */ (values.adapter);
  // Absolute, since a head remembers the paths of its model and adapter, and may be used from another folder.
  const bert = await load(existsSync(spec) ? resolve(spec) : spec, {
    ...(dtype && { dtype }),
    ...(threads && { threads }),
    ...(adapter !== undefined && { adapter: existsSync(adapter) ? resolve(adapter) : adapter }),
    signal,
    onProgress: progress.report,
    onWarning: (message) => progress.warn(message),
  }).catch(mentionMissingFolder(adapter === undefined ? [spec] : [spec, adapter]));
  return workWith(bert, progress, work);
}

/**
 * For commands that train or write a model's own weights: the same context, but the model is loaded in f32.
 * @param {Context} context
 * @returns {Context}
 */
export const inF32 = (context) => ({ ...context, values: { ...context.values, dtype: 'f32' } });

/**
 * Works with a model, and disposes of it even if the work fails.
 * @template T
 * @param {Model} bert
 * @param {import('./progress.js').Progress} progress
 * @param {(bert: Model) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function workWith(bert, progress, work) {
  try {
    return await work(bert);
  } finally {
    progress.clear();
    await bert.dispose();
  }
}

/**
 * For `catch` of a load: if a model of the hub was not found, the message also says that there is no such folder, since what was taken
 * for a hub id may be a mistyped path.
 * @param {string[]} specs models and adapters as the caller named them
 * @returns {(error: unknown) => never}
 */
export const mentionMissingFolder = (specs) => (error) => {
  if (!(error instanceof BertletError)) throw error;
  const { code, message } = error;
  const name = specs.find((spec) => message.includes(`/${spec}/resolve/`) && !existsSync(spec));
  if (name === undefined) throw error;
  throw new BertletError(code, `${message} No folder ${name} is here, either.`, { cause: error });
};

export const headHelp = `  --head DIR             a head that bertlet train has written, or
  --model PATH_OR_ID     a model with a head of its own; with --adapter, the adapter's head is used;
                         with --head: the base model, if it is no longer where it was`;

/**
 * Loads a head with its model, works with it, and disposes of the model even if the work fails. The head is that of `--head`, on the
 * model of `--model` or else the one that it was trained on; without `--head` it is the model's or the adapter's own. Rejects with
 * BAD_HEAD if there is none.
 * @template T
 * @param {Context} context
 * @param {{ command: 'predict' | 'evaluate', labels: string[] | undefined }} given `labels`: of `--labels`, names for the outputs of
 *   a model's or an adapter's own head, by index
 * @param {(head: Head, info: Model['info']) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withHead(context, { command, labels }, work) {
  const given = /** @type {string | undefined} */ (context.values.model);
  if (context.values.head === undefined && given !== undefined) {
    return withModel(given, context, async (bert) => {
      if (bert.head) {
        checkOptions(command, context.values, bert.head.task);
        return work(labels ? await withLabels(bert, bert.head, labels, context) : bert.head, bert.info);
      }
      const from = context.values.adapter === undefined ? given : context.values.adapter;
      throw new BertletError(
        'BAD_HEAD',
        `${from} has no head of its own. Train one with bertlet train, and name it with --head.`,
      );
    });
  }
  const check = (/** @type {import('../../types.js').HeadTask} */ task) => checkOptions(command, context.values, task);
  return withSavedHead(context, check, (bert, head) => work(head, bert.info));
}

/**
 * Loads the head that `--head` names, on the model of `--model` or else the one that it was trained on, works with both, and disposes of the
 * model even if the work fails.
 * @template T
 * @param {Context} context
 * @param {(task: import('../../types.js').HeadTask) => void} check called before the model is loaded; may throw
 * @param {(bert: Model, head: Head) => Promise<T>} work
 * @returns {Promise<T>} rejects with FILE_NOT_FOUND if the head or its model is not there, and as `readHeadFile`
 */
export async function withSavedHead(context, check, work) {
  const given = /** @type {string | undefined} */ (context.values.model);
  const path = required(context.values, 'head', 'my-head');
  const { bytes, head } = await readHeadFile(path);
  const { task, baseModel, adapter } = head;
  check(task);
  if (given === undefined && isAbsolute(baseModel) && !existsSync(baseModel)) {
    throw new BertletError(
      'FILE_NOT_FOUND',
      `${baseModel}, the model on which ${path} was trained, is no longer there. --model says where it is now.`,
    );
  }
  const values = { ...context.values, adapter: context.values.adapter ?? adapter };
  return withModel(given ?? baseModel, { ...context, values }, async (bert) =>
    work(bert, await bert.loadHead(bytes, { signal: context.signal })),
  );
}

/**
 * A model's own head with other names for its labels. It is made by saving, changing and loading the head. Throws BAD_LABELS.
 * @param {Model} bert
 * @param {Head} head
 * @param {string[]} labels
 * @param {Context} context
 * @returns {Promise<Head>}
 */
async function withLabels(bert, head, labels, { values, signal, progress }) {
  if (labels.length !== head.labels.length) {
    const [given, expected] = [labels, head.labels].map(
      ({ length }) => `${length} ${length === 1 ? 'label' : 'labels'}`,
    );
    throw new BertletError(
      'BAD_LABELS',
      `${values.labels} names ${given}, but the head has ${expected}. Name each, by index.`,
    );
  }
  if (labels.every((label) => head.labels.includes(label))) {
    // The head has these names already, but a data set may number them in another order.
    if (labels.some((label, i) => label !== head.labels[i]))
      progress.warn(`${values.labels} has the head's labels in another order; the head keeps its own.`);
    return head;
  }
  return bert.loadHead(writeHead({ ...readHead(await head.save()), labels }), { signal });
}
