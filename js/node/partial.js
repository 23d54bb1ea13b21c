// Folders and unfinished files. A file that is being written has a name of its own until it is whole, which tells who writes it: what a
// killed process leaves is removed by the next one.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

const SUFFIX = '.partial';
const DAY_MS = 24 * 60 * 60 * 1000;

/** This machine, in the name of a file. */
const machine = () => hostname().replace(/[^\w-]/g, '_');

/** A name for a file while it is being written. @param {string} name @returns {string} never the same */
export const partialName = (name) => `${name}.${machine()}.${process.pid}.${randomUUID()}${SUFFIX}`;

/** Whether a file is one that is being written, or was. @param {string} name */
export const isPartial = (name) => name.endsWith(SUFFIX);

/**
 * Writes a file, in place of an older one: whole or not at all.
 * @param {string} path in a folder that exists
 * @param {string | Uint8Array} content
 * @returns {Promise<void>} rejects with the system's error
 */
export async function replaceFile(path, content) {
  const partial = partialName(path);
  try {
    await writeFile(partial, content, { flush: true });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * Removes unfinished files whose process is gone; of other machines, those of more than a day ago.
 * @param {string} folder and its subfolders; it need not exist
 */
export async function removeAbandoned(folder) {
  const names = await readdir(folder, { recursive: true }).catch(() => /** @type {string[]} */ ([]));
  for (const name of names.filter(isPartial)) {
    const path = join(folder, name);
    if (isOfDeadProcess(name) || (await age(path)) > DAY_MS) await rm(path, { force: true }).catch(() => {});
  }
}

/** @param {string} name */
function isOfDeadProcess(name) {
  const [writer, pid] = name.split('.').slice(-4);
  if (writer !== machine()) return false;
  try {
    process.kill(Number(pid), 0); // only asks
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}

/** How long ago a file was written, in ms; 0 if it is not there. @param {string} path */
async function age(path) {
  const info = await stat(path).catch(() => undefined);
  return info ? Date.now() - info.mtimeMs : 0;
}

/**
 * A folder and those above it, unless they exist. (Node's own recursive mkdir never ends where a file system has no new folders, such as
 * /proc.)
 * @param {string} path absolute or not
 * @returns {Promise<void>} rejects with the system's error
 */
export async function makeFolder(path) {
  const parent = dirname(path);
  await make(path).catch(async (error) => {
    if (error.code !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await make(path);
  });
}

/** @param {string} path */
async function make(path) {
  await mkdir(path).catch(async (error) => {
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  });
}
