// The cache as a whole: what is in it, and what has to go.
import { openStore } from '#platform';
import { BertletError } from '../errors.js';
import { Entry } from './cache-entry.js';
import { sizeOf } from './streams.js';

/** @typedef {import('../base/platform.js').Store} Store */

/** All entries together have no more bytes: the image of a model always fits, since WebAssembly's memory has no more. */
const MOST_BYTES = 4 * 2 ** 30;

/** Entries that were not used for so long are removed, since their models may be gone: 60 days. */
const MOST_AGE_MS = 60 * 24 * 60 * 60 * 1000;

/**
 * Removes entries that were not used for long, and so many others, the least recently used ones first, that all fit.
 * @param {Store} store
 * @param {string} name of an entry that is used now, or is to be written; it stays
 * @param {number} [size] that it will have, in bytes; default: the one that it has
 * @returns the others that are left, the least recently used one first
 */
export async function makeRoom(store, name, size) {
  await store.sweep();
  const { files, own } = await leastRecent(store, name);
  let total = files.reduce((sum, file) => sum + file.size, size ?? own);
  const left = [];
  for (const file of files) {
    const stays = total <= MOST_BYTES && file.used > Date.now() - MOST_AGE_MS;
    if (!stays && (await removed(store, file))) total -= file.size;
    else left.push(file);
  }
  return left;
}

/**
 * Writes an entry. Where there is less room than the cache may take, others go for it, the least recently used ones first.
 * @param {Store} store
 * @param {string} name
 * @param {Uint8Array[]} parts
 */
export async function writeEntry(store, name, parts) {
  const files = await makeRoom(store, name, sizeOf(parts));
  for (;;) {
    try {
      return await store.write(name, parts);
    } catch (error) {
      if (!isFull(error)) throw error;
      let file = files.shift();
      while (file && !(await removed(store, file))) file = files.shift();
      if (!file) throw error;
    }
  }
}

/**
 * All files but one, the least recently used one first, and the size of that one.
 * @param {Store} store
 * @param {string} name
 */
async function leastRecent(store, name) {
  const files = (await store.list()).sort((a, b) => a.used - b.used);
  return {
    files: files.filter((file) => file.name !== name),
    own: files.find((file) => file.name === name)?.size ?? 0,
  };
}

/** Whether a file could be removed: another load may be reading or writing it. @param {Store} store @param {{ name: string }} file */
const removed = (store, { name }) =>
  store.remove(name).then(
    () => true,
    () => false,
  );

/** Whether an error says that there is no room. @param {any} error of a browser, or of Node */
const isFull = ({ name, code }) => name === 'QuotaExceededError' || code === 'ENOSPC';

/**
 * What the cache holds: an entry for each model that was loaded, by place, adapter, dtype, and how the engine multiplies.
 * @returns {Promise<import('../types.js').CacheEntry[]>} the last used one first. Rejects with FILE_ACCESS
 */
export async function listCache() {
  try {
    const store = await openStore();
    const files = (await store.list()).sort((a, b) => b.used - a.used);
    const entries = files.map(async ({ name, size, used }) => {
      const entry = await Entry.open(store, name);
      await entry?.close();
      return entry ? [{ ...entry.label, bytes: size, lastUsed: new Date(used) }] : []; // damaged, or just being written
    });
    return (await Promise.all(entries)).flat();
  } catch (error) {
    throw noAccess('read', error);
  }
}

/**
 * Removes everything from the cache. Models that are loaded stay as they are. Rejects with FILE_ACCESS if a file can't be removed, after
 * it has removed the others.
 */
export async function clearCache() {
  /** @type {unknown[]} */
  const failures = [];
  try {
    const store = await openStore();
    await store.sweep();
    for (const { name } of await store.list()) await store.remove(name).catch((error) => failures.push(error));
  } catch (error) {
    failures.push(error);
  }
  if (failures.length > 0) throw noAccess('emptied', failures[0]);
}

/**
 * @param {string} what can't be done
 * @param {unknown} cause
 */
function noAccess(what, cause) {
  const { message } = /** @type {Error} */ (cause);
  const hint = 'If a load is writing or reading it now, try again afterwards.';
  return new BertletError('FILE_ACCESS', `The cache can’t be ${what}: ${message} ${hint}`, { cause });
}
