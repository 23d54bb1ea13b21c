// Models on disk: directories, and the folder in which downloaded models of the hub are kept.
import { existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { makeRoom } from '../base/bounds.js';
import { CONVERTED } from '../base/converted.js';
import { BertletError } from '../errors.js';
import { cacheFolder } from './cache-folder.js';
import { fileVersion, keepRecord, LAST, openDownloads, readRecord, touchRecord } from './downloads.js';
import { fileError } from './file-error.js';
import { makeFolder, partialName, removeAbandoned } from './partial.js';
import { findSnapshot } from './python-cache.js';

/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('../base/platform.js').Chunks} Chunks */

const CHUNK_BYTES = 256 * 1024;

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
 * A model of the hub: its copy on disk, or what Python has downloaded of it, or else the hub, of which a copy is kept if `keep`.
 * @param {import('../base/platform.js').HubModel} model
 * @param {(revision: string) => Source} remote
 * @param {{ keep: boolean, refresh: boolean }} options `refresh`: download it even if there is a copy
 * @returns {Promise<Source>}
 */
export async function openHub({ id, revision }, remote, { keep, refresh }) {
  const name = revision === 'main' ? id : `${id}@${encodeURIComponent(revision)}`;
  const folder = modelFolder(name);
  const isComplete = (/** @type {string} */ path) => LAST.some((file) => existsSync(join(path, file)));
  if (!refresh) {
    const record = await readRecord(folder);
    const isThere = (/** @type {[string, unknown]} */ [file, version]) =>
      version === null || existsSync(join(folder, file));
    if (isComplete(folder) && [...record].every(isThere)) {
      if (record.size === 0) return openDirectory(folder); // the user's own
      await touchRecord(folder);
      await makeRoom(openDownloads(), name).catch(() => {}); // what fails now is tried again by the next load
      const hub = remote(revision);
      return keptSource(folder, record, keep ? copyingTo(folder, name, hub) : hub);
    }
    const snapshot = await findSnapshot(id, revision);
    if (snapshot && isComplete(snapshot.folder)) return snapshotSource(snapshot, remote(snapshot.commit));
  }
  if (!keep) return remote(revision);
  await removeAbandoned(cacheFolder('models'));
  return copyingTo(folder, name, remote(revision));
}

/**
 * What was downloaded before. Files that no load has asked for yet (of a model that was loaded with an adapter, which brought its own) are
 * asked of the hub. A file that was downloaded and is gone is not absent: another process has just removed the model.
 * @param {string} folder
 * @param {import('./downloads.js').Record} record
 * @param {Source} remote
 * @returns {Source}
 */
function keptSource(folder, record, remote) {
  /** @type {string[]} */
  const notes = [];
  const pathOf = (/** @type {string} */ file) => join(folder, file);
  return {
    ...remote,
    locate: (file) => (existsSync(pathOf(file)) ? pathOf(file) : remote.locate(file)),
    async open(file, signal) {
      if (existsSync(pathOf(file)))
        return Object.assign(readFileChunks(pathOf(file), signal), { version: await fileVersion(pathOf(file)) });
      if (record.get(file) === null || isNotNeeded(folder, file)) throw absent(remote, file);
      if (!record.has(file)) return askHub(remote, file, { folder, notes, signal });
      throw new BertletError('FILE_ACCESS', `${pathOf(file)} was removed while the model was loading. Load it again.`);
    },
    identity: folder,
    version: (file) => fileVersion(pathOf(file)),
    local: true,
    notes,
  };
}

/**
 * What Python has downloaded. It downloads only what it needs itself, so other files are asked of the hub, at the same commit.
 * @param {import('./python-cache.js').Snapshot} snapshot
 * @param {Source} remote
 * @returns {Source}
 */
function snapshotSource({ folder, isAbsent }, remote) {
  /** @type {string[]} */
  const notes = [];
  const isThere = (/** @type {string} */ file) => existsSync(join(folder, file));
  return {
    locate: (file) => (isThere(file) ? join(folder, file) : remote.locate(file)),
    async open(file, signal) {
      if (isThere(file)) return readFileChunks(join(folder, file), signal);
      if (isAbsent(file) || isNotNeeded(folder, file)) throw absent(remote, file);
      return askHub(remote, file, { folder, notes, signal });
    },
    identity: folder, // named by the commit, so it never changes
    local: true,
    notes,
  };
}

/**
 * Whether a file is another form of weights that are on this machine: the same is not downloaded twice.
 * @param {string} folder
 * @param {string} file
 */
const isNotNeeded = (folder, file) =>
  file === CONVERTED && LAST.some((weights) => weights !== CONVERTED && existsSync(join(folder, weights)));

/** @param {Source} remote @param {string} file */
const absent = (remote, file) => new BertletError('FILE_NOT_FOUND', `${remote.locate(file)} does not exist.`);

/**
 * Asks the hub for a file of a model that is on this machine without it. Where it can't be reached the file counts as absent, with a note.
 * @param {Source} remote
 * @param {string} file
 * @param {{ folder: string, notes: string[], signal?: AbortSignal }} what `folder`: where the model is
 * @returns {Promise<Chunks>}
 */
async function askHub(remote, file, { folder, notes, signal }) {
  return remote.open(file, signal).catch((error) => {
    if (!(error instanceof BertletError && error.code === 'NETWORK')) throw error;
    const note = `${file} is not among what was downloaded into ${folder}, and can't be asked for now: ${error.message}`;
    notes.push(note);
    throw new BertletError('FILE_NOT_FOUND', note, { cause: error });
  });
}

/**
 * A source that writes each file into a folder while it is read, under a temporary name that `keep` replaces by the right one.
 * Reading rejects with FILE_ACCESS if the folder can't be written.
 * @param {string} folder
 * @param {string} name of the model among the downloads
 * @param {Source} remote
 * @returns {Source}
 */
function copyingTo(folder, name, remote) {
  /** The temporary files. @type {Set<string>} */
  const temporary = new Set();
  /** Those of files that were read to their end, by the file's name. @type {Map<string, string>} */
  const whole = new Map();
  /** Files of which the hub has answered whether it has them: not, if they are not whole in the end. @type {Set<string>} */
  const asked = new Set();

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
    const path = partialName(join(folder, file));
    await makeFolder(dirname(path)).catch(cannotKeep);
    const target = await open(path, 'wx').catch(cannotKeep);
    temporary.add(path);
    try {
      for await (const chunk of chunks) {
        await target.writeFile(chunk).catch(cannotKeep); // appends; unlike write(), always the whole chunk
        yield chunk;
      }
      await target.sync().catch(cannotKeep);
      whole.set(file, path);
    } finally {
      await target.close();
    }
  }

  async function discard() {
    for (const path of temporary) await rm(path, { force: true });
  }

  return {
    locate: remote.locate,
    async open(file, signal) {
      const path = whole.get(file);
      if (path) return readFileChunks(path, signal);
      const chunks = await remote.open(file, signal).catch((error) => {
        if (error instanceof BertletError && error.code === 'FILE_NOT_FOUND') asked.add(file);
        throw error;
      });
      asked.add(file);
      return copy(file, chunks);
    },
    async keep() {
      if (asked.size === 0) return;
      const files = [...asked].sort((a, b) => Number(LAST.includes(a)) - Number(LAST.includes(b)));
      const versions = files.map(async (file) => [file, (await fileVersion(whole.get(file) ?? '')) ?? null]);
      await keepRecord(folder, Object.fromEntries(await Promise.all(versions))).catch(cannotKeep);
      for (const file of files) {
        const path = whole.get(file);
        if (path) await rename(path, join(folder, file)).catch(cannotKeep);
      }
      await discard(); // what was not read to its end
      await makeRoom(openDownloads(), name).catch(() => {}); // what fails now is tried again by the next load
    },
    identity: folder, // the same as when the copy is opened by the next load
    version: (file) => fileVersion(join(folder, file)),
    local: true,
    discard,
  };
}
