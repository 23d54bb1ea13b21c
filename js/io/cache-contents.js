// The cache as a whole: what is in it, and how it is emptied.
import { openDownloads, openStore } from '#platform';
import { BertletError } from '../errors.js';
import { Entry } from './cache-entry.js';

/**
 * What the cache holds: an entry for each model that was loaded, by place, adapter, dtype, and how the engine multiplies; in Node also one
 * for each model whose files were downloaded from the hub.
 * @returns {Promise<import('../types.js').CacheEntry[]>} the last used one first. Rejects with FILE_ACCESS
 */
export async function listCache() {
  try {
    const store = await openStore();
    const finished = (await store.list()).map(async ({ name, size, used }) => {
      const entry = await Entry.open(store, name);
      await entry?.close();
      return entry ? [listed('finished', entry.label, size, used)] : []; // damaged, or just being written
    });
    const downloads = (await openDownloads()?.list()) ?? [];
    return [
      ...(await Promise.all(finished)).flat(),
      ...downloads.map(({ name, size, used }) => listed('downloaded', { model: name }, size, used)),
    ].sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
  } catch (error) {
    throw noAccess('read', error);
  }
}

/**
 * @param {import('../types.js').CacheEntry['kind']} kind
 * @param {Pick<import('../types.js').CacheEntry, 'model' | 'adapter' | 'dtype'>} label
 * @param {number} bytes
 * @param {number} used in ms since 1970
 * @returns {import('../types.js').CacheEntry}
 */
const listed = (kind, label, bytes, used) => ({ kind, ...label, bytes, lastUsed: new Date(used) });

/**
 * Removes everything from the cache, downloaded files of the hub included, but nothing that the user put among them. Models that are loaded
 * stay as they are. Rejects with FILE_ACCESS if a file can't be removed, after it has removed the others.
 */
export async function clearCache() {
  /** @type {unknown[]} */
  const failures = [];
  try {
    for (const place of [await openStore(), openDownloads()]) {
      await place?.sweep();
      for (const { name } of (await place?.list()) ?? [])
        await place?.remove(name).catch((error) => failures.push(error));
    }
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
