// Where the cache keeps its files in browsers: the origin private file system, of which a worker can read a file straight into
// WebAssembly's memory. (The Cache API gives a Response, whose bytes arrive in small chunks from another process.)
import { fetchPart } from '../js/base/fetch-part.js';

const FOLDER = 'bertlet';

/** The end of the name of a file whose date says when another was used last: reading does not change a file's own. */
const USED = '.used';

/** Bytes that are read or written at once: not every system takes 2 GiB. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * TypeScript declares this for workers only; and browsers have it in dedicated workers only.
 * @typedef {object} SyncAccessHandle
 * @property {() => number} getSize
 * @property {(target: Uint8Array, options: { at: number }) => number} read
 * @property {(source: Uint8Array, options: { at: number }) => number} write
 * @property {(size: number) => void} truncate
 * @property {() => void} flush
 * @property {() => void} close
 */

/**
 * @typedef {FileSystemFileHandle & { createSyncAccessHandle(options?: { mode: 'read-only' }): Promise<SyncAccessHandle> }} FileHandle
 */

/** @type {import('../js/base/platform.js').Platform['openStore']} */
export async function openStore() {
  const storage = /** @type {StorageManager | undefined} */ (navigator.storage);
  if (!storage?.getDirectory) throw new Error('this page has no storage; a page from https:// has it.');
  const root = await storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file = async (/** @type {string} */ name, create = false) =>
    /** @type {FileHandle} */ (await folder.getFileHandle(name, { create }));
  const blob = (/** @type {string} */ name) => file(name).then((handle) => handle.getFile(), absent);

  async function list() {
    const files = [];
    for await (const name of folder.keys()) {
      if (name.endsWith(USED)) continue;
      const [own, touched] = [await blob(name), await blob(name + USED)];
      if (own) files.push({ name, size: own.size, used: Math.max(own.lastModified, touched?.lastModified ?? 0) });
    }
    return files;
  }

  async function remove(/** @type {string} */ name) {
    await folder.removeEntry(name);
    await folder.removeEntry(name + USED).catch(() => {}); // there may be none, or somebody writes it just now
  }

  return {
    async open(name) {
      const handle = await file(name).catch(absent);
      if (!handle) return undefined;
      try {
        const access = await handle.createSyncAccessHandle({ mode: 'read-only' });
        return {
          size: access.getSize(),
          async read(target, at) {
            for (let done = 0; done < target.length;) {
              const read = access.read(target.subarray(done, done + MOST_AT_ONCE), { at: at + done });
              if (read === 0) throw new Error('it ends too early.');
              done += read;
            }
          },
          close: async () => access.close(),
        };
      } catch {
        // A browser without the mode "read-only" gives one handle at a time. Of two loads at once the second reads a Blob. So does every load
        // outside of a dedicated worker.
        const blob = await handle.getFile();
        return {
          size: blob.size,
          read: (target, at) => readBlob(blob.slice(at, at + target.length), target),
          async close() {},
        };
      }
    },

    /** Writes the first part, the mark, last: a file without it is unfinished, and no entry. */
    async write(name, [mark, ...parts]) {
      if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype))
        return (await fetchPart(() => import('./write-stream.js'))).writeStream(folder, name, [mark, ...parts]);
      const access = await (await file(name, true)).createSyncAccessHandle().catch(locked);
      if (!access) return; // another load has the file open, to write the same entry or to read it
      const put = (/** @type {Uint8Array} */ part, /** @type {number} */ at) => {
        for (let done = 0; done < part.length;) {
          const written = access.write(part.subarray(done, done + MOST_AT_ONCE), { at: at + done });
          if (written === 0) throw noRoom();
          done += written;
        }
      };
      let finished = false;
      try {
        access.truncate(0);
        let end = mark.length;
        for (const part of parts) {
          put(part, end);
          end += part.length;
        }
        access.flush();
        if (access.getSize() !== end) throw noRoom();
        put(mark, 0);
        access.flush();
        finished = true;
      } finally {
        access.close();
        if (!finished) await remove(name).catch(() => {});
      }
    },

    list,

    async touch(name) {
      const access = await (await file(name + USED, true)).createSyncAccessHandle().catch(locked);
      access?.write(new Uint8Array(1), { at: 0 });
      access?.close();
    },

    remove,

    async sweep() {
      for (const { name } of await list()) {
        const start = await (await blob(name))?.slice(0, 1).arrayBuffer().catch(changed);
        if (start && new Uint8Array(start)[0] === 0) await remove(name).catch(() => {}); // as when it is being written
      }
    },
  };
}

/** Where a browser does not say so itself. */
const noRoom = () => new DOMException('there is no room.', 'QuotaExceededError');

/** Fills the target with the bytes of a Blob of the same size. @param {Blob} blob @param {Uint8Array} target */
async function readBlob(blob, target) {
  const reader = blob.stream().getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    target.set(value, at);
    at += value.length;
  }
  if (at !== target.length) throw new Error('it ends too early.');
}

/** For `catch`: undefined for errors of this name. @param {string} name @returns {(error: DOMException) => void} throws all others */
const except = (name) => (error) => {
  if (error.name !== name) throw error;
};

/** Another handle has the file open. */
const locked = except('NoModificationAllowedError');

/** The file does not exist. */
const absent = except('NotFoundError');

/** The file is another since a Blob of it was made: somebody writes it. */
const changed = except('NotReadableError');
