// What was downloaded from the hub, in the folder of models. A record in a model's folder says which files were, and in which version, so
// that nothing is ever removed that the user put there, or has changed; its date says when the model was used last.
import { readdir, readFile, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { CONVERTED } from '../base/converted.js';
import { cacheFolder } from './cache-folder.js';
import { absent } from './file-error.js';
import { makeFolder, removeAbandoned, replaceFile } from './partial.js';

/** No file of a model has this name. */
const RECORD = '.bertlet-download.json';

/** Of a downloaded model one of these files gets its name last and loses it first, so that a folder that has one is complete. */
export const LAST = ['model.safetensors', 'model.safetensors.index.json', CONVERTED, 'adapter_model.safetensors'];

/** A load reads a model's files one after the other; after its beginning they stay at least for so long: an hour. */
const BUSY_MS = 60 * 60 * 1000;

/** What was asked of the hub for a folder: versions of the files by their names, and null for those that the hub does not have. @typedef {Map<string, string | null>} Record */

/** @param {string} folder of a model */
const recordOf = (folder) => join(folder, RECORD);

/**
 * The time and size of a file, by which a change is noticed.
 * @param {string} path
 * @returns {Promise<string | undefined>} undefined if there is no such file
 */
export async function fileVersion(path) {
  const info = await stat(path).catch(() => undefined);
  return info && `${info.mtimeMs}, ${info.size} bytes`;
}

/**
 * @param {string} folder
 * @returns {Promise<Record>} empty if nothing was downloaded into it, or nobody knows
 */
export async function readRecord(folder) {
  const text = await readFile(recordOf(folder), 'utf8').catch(() => '{}');
  try {
    // Nothing outside the folder, whoever wrote the record.
    return new Map(Object.entries(JSON.parse(text)).filter(([name]) => !name.split(/[\\/]/).includes('..')));
  } catch {
    return new Map();
  }
}

/**
 * Notes what is downloaded into a folder now, beside what was before. Files that the hub does not have any more are removed.
 * @param {string} folder is made if need be
 * @param {{ [file: string]: string | null }} versions as of a record
 */
export async function keepRecord(folder, versions) {
  const before = await readRecord(folder);
  for (const path of await ownFiles(folder, before)) if (versions[relativeName(folder, path)] === null) await rm(path);
  await makeFolder(folder);
  await replaceFile(recordOf(folder), JSON.stringify({ ...Object.fromEntries(before), ...versions }));
}

/** The name of a file or folder in another. @param {string} folder @param {string} path */
const relativeName = (folder, path) => relative(folder, path).split(sep).join('/');

/** Notes that a model is used now, if it was downloaded. @param {string} folder */
export async function touchRecord(folder) {
  const now = new Date();
  await utimes(recordOf(folder), now, now).catch(() => {}); // as of a folder that may only be read
}

/** @returns {NonNullable<ReturnType<import('../base/platform.js').Platform['openDownloads']>>} */
export function openDownloads() {
  const root = cacheFolder('models');
  const folderOf = (/** @type {string} */ name) => join(root, ...name.split('/'));
  return {
    async list() {
      const names = await readdir(root, { recursive: true }).catch(absent(/** @type {string[]} */ ([])));
      const folders = names.filter((name) => basename(name) === RECORD).map((name) => join(root, dirname(name)));
      const models = folders.map(async (folder) => {
        const record = await stat(recordOf(folder)).catch(absent(undefined)); // another process has just removed it
        if (!record) return [];
        const sizes = (await ownFiles(folder, await readRecord(folder))).map(
          async (path) => (await stat(path).catch(absent({ size: 0 }))).size,
        );
        return {
          name: relativeName(root, folder),
          size: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
          used: record.mtimeMs,
          busy: record.mtimeMs > Date.now() - BUSY_MS,
        };
      });
      return (await Promise.all(models)).flat();
    },

    async remove(name) {
      const folder = folderOf(name);
      const paths = await ownFiles(folder, await readRecord(folder));
      for (const path of [...paths, recordOf(folder)]) await rm(path, { force: true });
      // Folders that are empty now, the inner ones first.
      const folders = new Set([...paths.map(dirname), folder, dirname(folder)]);
      folders.delete(root);
      for (const one of [...folders].sort((a, b) => b.length - a.length)) await rmdir(one).catch(() => {});
    },

    sweep: () => removeAbandoned(root),
  };
}

/**
 * The files of a folder that were downloaded and are still what they were.
 * @param {string} folder
 * @param {Record} record
 * @returns {Promise<string[]>} paths, those of LAST first
 */
async function ownFiles(folder, record) {
  const files = [...record.keys()].sort((a, b) => Number(LAST.includes(b)) - Number(LAST.includes(a)));
  const are = await Promise.all(
    files.map(async (file) => (await fileVersion(join(folder, file))) === record.get(file)),
  );
  return files.filter((_, i) => are[i]).map((file) => join(folder, file));
}
