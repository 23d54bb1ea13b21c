// The browser's place for the cache: the origin private file system, in which a worker can read a file straight into
// WebAssembly's memory. (The Cache API hands out a Response, whose bytes arrive in small pieces from another process.)

const FOLDER = 'bertlet';

/**
 * TypeScript has these for workers only.
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
  if (!storage?.getDirectory) throw new Error('this page has no storage: it takes an address with https://.');
  const root = await storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file = async (/** @type {string} */ name, create = false) =>
    /** @type {FileHandle} */ (await folder.getFileHandle(name, { create }));

  return {
    async open(name) {
      const handle = await file(name).catch(absent);
      if (!handle) return undefined;
      try {
        const access = await handle.createSyncAccessHandle({ mode: 'read-only' });
        return {
          size: access.getSize(),
          async read(target, at) {
            if (access.read(target, { at }) !== target.length) throw new Error('it ends too early.');
          },
          close: async () => access.close(),
        };
      } catch {
        // Where there is no "read-only" one handle keeps others out: of two loads at the same time the second reads this way.
        const blob = await handle.getFile();
        return {
          size: blob.size,
          read: (target, at) => readBlob(blob.slice(at, at + target.length), target),
          async close() {},
        };
      }
    },

    /** What comes first is written last: a file without it is one that was not finished. */
    async write(name, [mark, ...parts]) {
      const access = await (await file(name, true)).createSyncAccessHandle().catch(locked);
      if (!access) return; // another load writes the same, or reads what another wrote
      const put = (/** @type {Uint8Array} */ part, /** @type {number} */ at) => {
        if (access.write(part, { at }) !== part.length) throw new Error('there is no room.');
      };
      let whole = false;
      try {
        access.truncate(0);
        let at = mark.length;
        for (const part of parts) {
          put(part, at);
          at += part.length;
        }
        access.flush();
        if (access.getSize() !== at) throw new Error('there is no room.');
        put(mark, 0);
        access.flush();
        whole = true;
      } finally {
        access.close();
        if (!whole) await folder.removeEntry(name).catch(() => {});
      }
    },

    async names() {
      const names = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },

    remove: (name) => folder.removeEntry(name),
  };
}

/** @param {Blob} blob @param {Uint8Array} target */
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

/** @param {DOMException} error */
function locked(error) {
  if (error.name !== 'NoModificationAllowedError') throw error;
}

/** @param {DOMException} error */
function absent(error) {
  if (error.name !== 'NotFoundError') throw error;
}
