// Where the cache keeps its files in Node: a folder on disk.
import { open, readdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './model-folder.js';
import { age, isPartial, makeFolder, partialName, removeAbandoned } from './partial.js';

/** The system reads less than 2 GiB at once. */
const MOST_READ = 2 ** 30;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Files that were not read for so many days are removed, since their model may be gone. */
const UNUSED_DAYS = 60;

/** @returns {Promise<import('../base/platform.js').Store>} */
export async function openStore() {
  const folder = cacheFolder('images');
  const pathOf = (/** @type {string} */ name) => join(folder, name);
  const all = () => readdir(folder).catch(absent(/** @type {string[]} */ ([])));

  async function removeUnused() {
    for (const name of await all())
      if (!isPartial(name) && (await age(pathOf(name))) > DAY_MS * UNUSED_DAYS) await rm(pathOf(name), { force: true });
  }

  return {
    async open(name) {
      const file = await open(pathOf(name)).catch(absent(undefined));
      if (!file) return undefined;
      const now = new Date();
      await utimes(pathOf(name), now, now).catch(() => {}); // of a folder that may only be read
      const { size } = await file.stat();
      return {
        size,
        async read(target, position) {
          for (let done = 0; done < target.length;) {
            const length = Math.min(target.length - done, MOST_READ);
            const { bytesRead } = await file.read(target, done, length, position + done);
            if (bytesRead === 0) throw new Error(`${pathOf(name)} ends too early.`);
            done += bytesRead;
          }
        },
        close: () => file.close(),
      };
    },

    async write(name, parts) {
      await makeFolder(folder);
      await removeAbandoned(folder);
      await removeUnused().catch(() => {}); // another process may be at it, or the folder belongs to somebody else
      const temporary = partialName(pathOf(name));
      try {
        const file = await open(temporary, 'wx');
        try {
          for (const part of parts) await file.writeFile(part); // appends
          const { size } = await file.stat();
          if (size !== parts.reduce((sum, part) => sum + part.length, 0)) throw new Error(`${temporary} is cut off.`);
        } finally {
          await file.close();
        }
        await rename(temporary, pathOf(name));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    names: async () => (await all()).filter((name) => !isPartial(name)),
    remove: (name) => rm(pathOf(name), { force: true, recursive: true }), // whatever it is
  };
}

/**
 * For `catch`: a value in place of a file or folder that does not exist; other errors are thrown.
 * @template T
 * @param {T} instead
 * @returns {(error: NodeJS.ErrnoException) => T}
 */
const absent = (instead) => (error) => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
  throw error;
};
