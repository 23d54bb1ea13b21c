// Opens the place that a description names, and files in it by their names.
import { openDirectory, openHub } from '#platform';
import { BertletError } from '../errors.js';
import { importChunks } from '../rpc/chunk-port.js';
import { fetchChunks, fetchVersion } from './http.js';
import { readAll, rejectHtml } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */
/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('./describe.js').Description} Description */

/** The folder that an adapter's files seem to be in, beside its model's. */
export const ADAPTER = 'adapter/';

/**
 * A folder on a server.
 * @param {string} base URL that ends in a slash
 * @returns {Source}
 */
export function folderSource(base) {
  const at = (/** @type {string} */ file) => new URL(file, base).href;
  return {
    locate: at,
    open: (file, signal) => fetchChunks(at(file), signal),
    identity: base,
    version: (file, signal) => fetchVersion(at(file), signal),
  };
}

/**
 * @param {Description} description
 * @param {object} options
 * @param {boolean} options.keep whether a model downloaded from the hub is to be kept where there is a place for it
 * @param {boolean} [options.refresh] whether to download it even if it was kept
 * @returns {Promise<Source>}
 */
export async function openSource(description, { keep, refresh = false }) {
  switch (description.kind) {
    case 'folder':
      return folderSource(description.url);
    case 'directory':
      return openDirectory(description.path);
    case 'hub': {
      const { id, hub, revision } = description;
      const version = encodeURIComponent(revision);
      const folder = revision === 'main' ? id : `${id}@${version}`;
      // What a branch stands for at the first load stays: a model that changes by itself would surprise more.
      const remote = { ...folderSource(`${hub}${id}/resolve/${version}/`), version: undefined };
      return openHub(folder, remote, { keep, refresh });
    }
    case 'files':
      return filesSource(description.files);
  }
}

/**
 * @param {Record<string, MessagePort | string>} files
 * @returns {Source}
 */
function filesSource(files) {
  return {
    locate: (file) => (typeof files[file] === 'string' ? files[file] : file),
    async open(file, signal) {
      const content = files[file];
      if (content === undefined) {
        const given = Object.keys(files).join(', ') || 'none that bertlet knows';
        throw new BertletError('FILE_NOT_FOUND', `Among the given files is no ${file} (there is: ${given}). Add it.`);
      }
      return typeof content === 'string' ? fetchChunks(content, signal) : importChunks(content, signal);
    },
  };
}

/**
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>}
 */
export async function openFile(source, file, signal) {
  return rejectHtml(await source.open(file, signal), source.locate(file));
}

/**
 * A small file that need not be there. A server that shows its front page for whatever it does not have counts as one that
 * does not have the file.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, where: string } | { error: BertletError }>}
 */
export async function readOptional(source, file, signal) {
  const where = source.locate(file);
  try {
    return { bytes: await readAll(await openFile(source, file, signal), where), where };
  } catch (error) {
    if (error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code)) return { error };
    throw error;
  }
}

/**
 * Two places as one.
 * @param {Source} source
 * @param {string} folder where the files of `other` seem to be
 * @param {Source} other
 * @returns {Source}
 */
export function joinSources(source, folder, other) {
  /** @type {(file: string) => [Source, string]} */
  const find = (file) => (file.startsWith(folder) ? [other, file.slice(folder.length)] : [source, file]);
  const both = [source, other];
  return {
    locate(file) {
      const [at, name] = find(file);
      return at.locate(name);
    },
    open(file, signal) {
      const [at, name] = find(file);
      return at.open(name, signal);
    },
    identity: both.every(({ identity }) => identity !== undefined)
      ? both.map(({ identity }) => identity).join(' + ')
      : undefined,
    version: both.some(({ version }) => version)
      ? async (file, signal) => {
          const [at, name] = find(file);
          return at.version ? at.version(name, signal) : 'never changes';
        }
      : undefined,
    local: both.every(({ local }) => local),
    keep: async () => void (await Promise.all(both.map(({ keep }) => keep?.()))),
    discard: async () => void (await Promise.all(both.map(({ discard }) => discard?.()))),
  };
}
