// Models on disk: directories, and the folder in which downloaded models of the hub are kept.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import process from 'node:process';
import { BertletError } from '../errors.js';
import { fileError } from './file-error.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Chunks} Chunks */

const CHUNK_BYTES = 256 * 1024;

/** Ends the names of files that are being written. */
const PARTIAL = '.partial';
const DAY_MS = 24 * 60 * 60 * 1000;

/** Of a downloaded model one of these files gets its name last, so that a folder that has one is complete. */
const LAST = ['model.safetensors', 'model.safetensors.index.json', 'adapter_model.safetensors'];

/**
 * A folder for files that can be downloaded or made again: in BERTLET_HOME, or else where the user's caches are.
 * @param {string} name
 * @returns {string} its path; it need not exist
 */
export function cacheFolder(name) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(process.env.BERTLET_HOME || join(cache, 'bertlet'), name);
}

/**
 * The folder that keeps a model of the hub.
 * @param {string} name its id, with "@revision" if that is not main
 * @returns {string} its path; it need not exist
 */
export const modelFolder = (name) => join(cacheFolder('models'), name);

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>} views of one buffer, each valid until the next one is asked for
 */
async function* readFileChunks(path, signal) {
  /** @param {Error} error */
  const rethrow = (error) => {
    throw fileError(error, path);
  };
  const file = await open(path).catch(rethrow);
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES).catch(rethrow);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * The time and size of a file, by which a change is noticed.
 * @param {string} path
 * @returns {Promise<string | undefined>} undefined if there is no such file
 */
async function fileVersion(path) {
  const info = await stat(path).catch(() => undefined);
  return info && `${info.mtimeMs}, ${info.size} bytes`;
}

/**
 * A directory as a source; or a vocabulary file, as a source that has no other file.
 * @param {string} path of the directory, or of a tokenizer.json or vocab.txt by any name with the same ending
 * @returns {Promise<Source>} rejects with FILE_NOT_FOUND
 */
export async function openDirectory(path) {
  const info = await stat(path).catch((error) => {
    throw new BertletError('FILE_NOT_FOUND', `${path} does not exist. Check the path.`, { cause: error });
  });
  const single = info.isFile() ? (extname(path) === '.json' ? 'tokenizer.json' : 'vocab.txt') : undefined;
  const locate = (/** @type {string} */ file) => (file === single ? path : join(single ? dirname(path) : path, file));
  const version = (/** @type {string} */ file) => fileVersion(locate(file));
  return {
    locate,
    async open(file, signal) {
      if (single ? file !== single : !existsSync(locate(file))) {
        throw new BertletError('FILE_NOT_FOUND', `${locate(file)} does not exist. A model's folder must hold ${file}.`);
      }
      return Object.assign(readFileChunks(locate(file), signal), { version: await version(file) });
    },
    identity: resolve(path),
    version,
    local: true,
  };
}

/**
 * A model of the hub: its copy on disk, or else `remote`, of which a copy is kept if `keep`.
 * @param {string} name of its folder, see `modelFolder`
 * @param {Source} remote
 * @param {{ keep: boolean, refresh: boolean }} options `refresh`: download it even if there is a copy
 * @returns {Promise<Source>}
 */
export async function openHub(name, remote, { keep, refresh }) {
  const folder = modelFolder(name);
  if (!refresh && LAST.some((file) => existsSync(join(folder, file)))) return openDirectory(folder);
  return keep ? copyingTo(folder, remote) : remote;
}

/**
 * A source that writes each file into a folder while it is read, under a temporary name that `keep` replaces by the right one.
 * Reading rejects with FILE_ACCESS if the folder can't be written.
 * @param {string} folder
 * @param {Source} remote
 * @returns {Source}
 */
function copyingTo(folder, remote) {
  const suffix = `.${randomUUID()}${PARTIAL}`;
  /** @type {string[]} */
  const files = [];

  /** @param {Error} error */
  const cannotKeep = (error) => {
    const what = `The model can't be kept in ${folder}: ${error.message}. BERTLET_HOME can name another place.`;
    throw new BertletError('FILE_ACCESS', what, { cause: error });
  };

  /**
   * @param {string} file
   * @param {Chunks} chunks
   * @returns {AsyncGenerator<Uint8Array, void>}
   */
  async function* copy(file, chunks) {
    await mkdir(dirname(join(folder, file)), { recursive: true }).catch(cannotKeep);
    const target = await open(join(folder, file + suffix), 'wx').catch(cannotKeep);
    files.push(file);
    try {
      for await (const chunk of chunks) {
        await target.writeFile(chunk).catch(cannotKeep); // appends; unlike write(), always the whole chunk
        yield chunk;
      }
      await target.sync();
    } finally {
      await target.close();
    }
  }

  return {
    locate: remote.locate,
    open: async (file, signal) => copy(file, await remote.open(file, signal)),
    async keep() {
      files.sort((a, b) => Number(LAST.includes(a)) - Number(LAST.includes(b)));
      for (const file of files) await rename(join(folder, file + suffix), join(folder, file));
      await removeStale(folder);
    },
    identity: folder, // the same as when the copy is opened by the next load
    version: (file) => fileVersion(join(folder, file)),
    local: true,
    async discard() {
      for (const file of files) await rm(join(folder, file + suffix), { force: true });
    },
  };
}

/**
 * Removes unfinished files of earlier downloads, whose process was killed.
 * @param {string} folder
 */
async function removeStale(folder) {
  for (const name of await readdir(folder)) {
    const path = join(folder, basename(name));
    if (!name.endsWith(PARTIAL)) continue;
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > DAY_MS) await rm(path, { force: true });
  }
}
