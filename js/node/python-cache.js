// Models that Python has downloaded: the cache of huggingface_hub, in its layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
// Of a repository it holds the files that were asked for, by commit, and which files are known not to exist. It is only read. (By a few
// lines of our own: the package @huggingface/hub, and two more that it needs, know all of the hub; here some paths are joined.)
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/**
 * @typedef {object} Snapshot a commit of a repository
 * @property {string} commit
 * @property {string} folder of its files
 * @property {(file: string) => boolean} isAbsent whether the repository is known not to have a file
 */

/** Where huggingface_hub keeps repositories. */
function cacheFolder() {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  const folder = HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub');
  return folder.replace(/^~(?=$|[\\/])/, homedir());
}

/**
 * @param {string} id of a repository of models
 * @param {string} revision branch, tag or commit
 * @returns {Promise<Snapshot | undefined>} undefined if Python has not downloaded any file of it
 */
export async function findSnapshot(id, revision) {
  const repository = join(cacheFolder(), `models--${id.replaceAll('/', '--')}`);
  const named = await readFile(join(repository, 'refs', revision), 'utf8').catch(() => revision);
  const commit = named.trim();
  const folder = join(repository, 'snapshots', commit);
  if (!/^[0-9a-f]{40}$/.test(commit) || !existsSync(folder)) return undefined;
  return { commit, folder, isAbsent: (file) => existsSync(join(repository, '.no_exist', commit, file)) };
}
