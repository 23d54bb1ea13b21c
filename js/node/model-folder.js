// Models on Node's file system: directories, and the local model folder, which keeps what was downloaded from the hub.
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

const CHUNK = 256 * 1024;
const PARTIAL = '.partial';
const A_DAY = 24 * 60 * 60 * 1000;

/** One of them comes last: a folder that has it is complete. */
const LAST = ['model.safetensors', 'model.safetensors.index.json', 'adapter_model.safetensors'];

/**
 * @param {string} name
 * @returns {string} a folder for what can be had again
 */
export function cacheFolder(name) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(process.env.BERTLET_HOME || join(cache, 'bertlet'), name);
}

/**
 * @param {string} name
 * @returns {string} the local folder of a hub model
 */
export const modelFolder = (name) => join(cacheFolder('models'), name);

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<Uint8Array, void>}
 */
async function* readFileChunks(path, signal) {
  /** @param {Error} error */
  const inWords = (error) => {
    throw fileError(error, path);
  };
  const file = await open(path).catch(inWords);
  const buffer = new Uint8Array(CHUNK);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK).catch(inWords);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * @param {string} path
 * @returns {Promise<string | undefined>}
 */
async function fileVersion(path) {
  const info = await stat(path).catch(() => undefined);
  return info && `${info.mtimeMs}, ${info.size} bytes`;
}

/**
 * @param {string} path of a directory; or of a vocabulary alone, a .json or a .txt file
 * @returns {Promise<Source>}
 */
export async function openDirectory(path) {
  const info = await stat(path).catch((error) => {
    throw new BertletError('FILE_NOT_FOUND', `${path} does not exist. Check the path.`, { cause: error });
  });
  const single = info.isFile() ? (extname(path) === '.json' ? 'tokenizer.json' : 'vocab.txt') : undefined;
  const at = (/** @type {string} */ file) => (file === single ? path : join(single ? dirname(path) : path, file));
  const version = (/** @type {string} */ file) => fileVersion(at(file));
  return {
    locate: at,
    async open(file, signal) {
      if (single ? file !== single : !existsSync(at(file))) {
        throw new BertletError('FILE_NOT_FOUND', `${at(file)} does not exist. A model's folder must hold ${file}.`);
      }
      return Object.assign(readFileChunks(at(file), signal), { version: await version(file) });
    },
    identity: resolve(path),
    version,
    local: true,
  };
}

/**
 * A model of the hub: from the local model folder (unless `refresh`), or downloaded (and kept there, if `keep`).
 * @param {string} name of its folder
 * @param {Source} remote
 * @param {{ keep: boolean, refresh: boolean }} options
 * @returns {Promise<Source>}
 */
export async function openHub(name, remote, { keep, refresh }) {
  const folder = modelFolder(name);
  if (!refresh && LAST.some((file) => existsSync(join(folder, file)))) return openDirectory(folder);
  return keep ? keeping(remote, folder) : remote;
}

/**
 * Writes each file, as it is read, under a temporary name; `keep` gives all of them their own.
 * @param {Source} remote
 * @param {string} folder
 * @returns {Source}
 */
function keeping(remote, folder) {
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
        await target.writeFile(chunk).catch(cannotKeep); // from where the last chunk ended; unlike write(), all of it
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
    identity: folder, // as for the next load
    version: (file) => fileVersion(join(folder, file)),
    local: true,
    async discard() {
      for (const file of files) await rm(join(folder, file + suffix), { force: true });
    },
  };
}

/**
 * Removes what a process left behind that was killed in the middle of a download.
 * @param {string} folder
 */
async function removeStale(folder) {
  for (const name of await readdir(folder)) {
    const path = join(folder, basename(name));
    if (!name.endsWith(PARTIAL)) continue;
    const age = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > A_DAY) await rm(path, { force: true });
  }
}
