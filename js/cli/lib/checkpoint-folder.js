// The folder of --checkpoint: one file, the state of a training that goes on or was interrupted.
import { open, realpath, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { BertletError } from '../../errors.js';
import { fileError } from '../../node/file-error.js';
import { isPartial, makeFolder, removeAbandoned, replaceFile } from '../../node/partial.js';
import { required, UsageError } from './arguments.js';
import { isMissing, namesIn, notOurs } from './output-folder.js';

/** @typedef {import('./arguments.js').Values} Values */

const FILE = 'checkpoint.safetensors';

/** Keeps the newest checkpoint of a training in a file. */
export class CheckpointFolder {
  #folder;
  #warn;
  /** @type {Uint8Array | undefined} the newest, if it is still to be written */
  #next;
  /** @type {Promise<void> | undefined} */
  #writing;
  #written = false;

  /**
   * @param {string} folder
   * @param {(message: string) => void} warn
   */
  constructor(folder, warn) {
    this.#folder = folder;
    this.#warn = warn;
    /** Its path. */
    this.file = join(folder, FILE);
  }

  /**
   * The checkpoint of an interrupted training. Throws FILE_NOT_FOUND if there is none, FILE_ACCESS.
   * @returns {Promise<Uint8Array>}
   */
  async read() {
    try {
      return await readLarge(this.file);
    } catch (error) {
      if (!isMissing(error)) throw fileError(error, this.file);
      const remedy = 'Leave out --resume to begin, or name the folder that an interrupted training has written';
      throw new BertletError('FILE_NOT_FOUND', `${this.#folder}: there is no checkpoint here. ${remedy}.`, {
        cause: error,
      });
    }
  }

  /** Writes a checkpoint, without waiting for it; of those that come meanwhile, the newest. @param {Uint8Array} bytes */
  write(bytes) {
    this.#next = bytes;
    this.#writing ??= this.#writeNext();
  }

  /**
   * A training's result, when its last checkpoint is written. If it fails, says how to go on, and names the file of a checkpoint of another
   * training.
   * @template T
   * @param {Promise<T>} training
   * @param {import('./progress.js').Progress} progress
   * @returns {Promise<T>}
   */
  async guard(training, progress) {
    try {
      return await training;
    } catch (error) {
      await this.#writing;
      const code = error instanceof BertletError ? error.code : undefined;
      if (code === 'BAD_CHECKPOINT')
        throw new BertletError(code, `${this.file}: ${/** @type {Error} */ (error).message}`, { cause: error });
      // What is not finite would be so again.
      const remedy = code === 'BAD_WEIGHTS' ? '' : ' The same command goes on from it with --resume.';
      if (this.#written) progress.tell(`${this.file} has the last good state of training.${remedy}`);
      throw error;
    }
  }

  /** Removes the file, once it is not needed any more. */
  async remove() {
    await this.#writing;
    await rm(this.file, { force: true });
  }

  async #writeNext() {
    while (this.#next) {
      const bytes = this.#next;
      this.#next = undefined;
      await this.#replace(bytes).then(
        () => (this.#written = true),
        // What was learned is worth more than the checkpoint: training goes on.
        (error) =>
          this.#warn(`No checkpoint was written: ${/** @type {Error} */ (fileError(error, this.file)).message}`),
      );
    }
    this.#writing = undefined;
  }

  /** @param {Uint8Array} bytes */
  async #replace(bytes) {
    await makeFolder(this.#folder);
    await replaceFile(this.file, bytes);
  }
}

/**
 * The folder that `--checkpoint` names, checked. Throws UsageError, OUTPUT_EXISTS if it holds other files, or the checkpoint of an interrupted
 * training that is not resumed, FILE_NOT_FOUND if none is there that is, FILE_ACCESS.
 * @param {Values} values
 * @param {string} output the folder of `--output`
 * @param {(message: string) => void} warn
 * @returns {Promise<{ checkpoint?: CheckpointFolder, resume?: Uint8Array }>}
 */
export async function openCheckpoint(values, output, warn) {
  if (values.checkpoint === undefined) return {};
  const folder = required(values, 'checkpoint', 'my-checkpoint');
  const [inner, outer] = (await Promise.all([folder, output].map(realPath))).map((path) => path + sep);
  if (inner.startsWith(outer) || outer.startsWith(inner))
    throw new UsageError('--checkpoint and --output must be two folders, neither in the other');
  const names = await namesIn(folder, 'checkpoint');
  const other = names.find((name) => name !== FILE && !isPartial(name));
  if (other !== undefined) throw notOurs(folder, `holds other files (${other})`, 'checkpoint');
  await removeAbandoned(folder);
  const checkpoint = new CheckpointFolder(folder, warn);
  if (values.resume === true) return { checkpoint, resume: await checkpoint.read() };
  if (names.includes(FILE))
    throw new BertletError(
      'OUTPUT_EXISTS',
      `${folder} holds the checkpoint of an interrupted training. --resume goes on from it; to begin anew, remove it.`,
    );
  return { checkpoint };
}

/** A path without links, as far as it exists. @param {string} path */
const realPath = (path) => realpath(path).catch(() => resolve(path));

/**
 * A file of any size; Node's readFile takes 2 GB at most.
 * @param {string} path
 * @returns {Promise<Uint8Array>}
 */
async function readLarge(path) {
  const handle = await open(path);
  try {
    const bytes = new Uint8Array((await handle.stat()).size);
    for (let at = 0, read = 1; read > 0 && at < bytes.length; at += read)
      read = (await handle.read(bytes, at, Math.min(bytes.length - at, 2 ** 30))).bytesRead;
    return bytes;
  } finally {
    await handle.close();
  }
}
