// Opens the folder that a description names as a Source, and reads files of it.
import { openDirectory, openHub } from '#platform';
import { BertletError } from '../errors.js';
import { importChunks } from '../rpc/imported-file.js';
import { onlyModelFiles } from './file-name.js';
import { fetchChunks, fetchVersion } from './http.js';
import { readAll, rejectHtml } from './streams.js';

/** @typedef {import('../base/platform.js').Chunks} Chunks */
/** @typedef {import('../base/platform.js').Source} Source */
/** @typedef {import('./description.js').Description} Description */

/** Prefix of an adapter's files in the source that `joinSources` makes of a model and its adapter. */
export const ADAPTER = 'adapter/';

/**
 * A folder on a server.
 * @param {string} base its URL, which ends in a slash
 * @param {Record<string, string>} [headers] of every request
 * @returns {Source}
 */
export function folderSource(base, headers) {
  const locate = (/** @type {string} */ file) => new URL(file, base).href;
  return {
    locate,
    open: (file, signal) => fetchChunks(locate(file), { signal, headers }),
    identity: base,
    version: (file, signal) => fetchVersion(locate(file), { signal, headers }),
  };
}

/**
 * The files that a description names; no others, whatever names the model's files give (see `onlyModelFiles`).
 * @param {Description} description
 * @param {object} options
 * @param {boolean} options.keep whether to keep the files of a hub model on disk, where there is one
 * @param {boolean} [options.refresh] whether to download them even if they were kept
 * @returns {Promise<Source>} rejects with FILE_NOT_FOUND for a directory that does not exist
 */
export async function openSource(description, options) {
  return onlyModelFiles(await openPlace(description, options));
}

/** @type {typeof openSource} */
async function openPlace(description, { keep, refresh = false }) {
  switch (description.kind) {
    case 'folder':
      return folderSource(description.url, description.headers);
    case 'directory':
      return openDirectory(description.path);
    case 'hub': {
      const { id, hub, revision, headers } = description;
      // Without `version` the source counts as unchanging: a model of the hub stays at the commit that was loaded first.
      /** @type {(revision: string) => Source} */
      const remote = (at) => ({
        ...folderSource(`${hub}${id}/resolve/${encodeURIComponent(at)}/`, headers),
        version: undefined,
      });
      return openHub({ id, revision }, remote, { keep, refresh });
    }
    case 'files':
      return filesSource(description.files, description.headers);
  }
}

/**
 * Files that the caller gave.
 * @param {Record<string, MessagePort | string>} files ports to read the files from, or URLs
 * @param {Record<string, string>} headers of requests to the URLs
 * @returns {Source}
 */
function filesSource(files, headers) {
  return {
    locate: (file) => (typeof files[file] === 'string' ? files[file] : file),
    async open(file, signal) {
      const content = files[file];
      if (content === undefined) {
        const given = Object.keys(files).join(', ') || 'none that bertlet knows';
        throw new BertletError('FILE_NOT_FOUND', `Among the given files is no ${file} (there is: ${given}). Add it.`);
      }
      return typeof content === 'string' ? fetchChunks(content, { signal, headers }) : importChunks(content, signal);
    },
  };
}

/**
 * Opens a file that has to be there.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<Chunks>} rejects as `source.open`, and with NOT_A_MODEL for a web page or a Git LFS pointer
 */
export async function openFile(source, file, signal) {
  return rejectHtml(await source.open(file, signal), source.locate(file));
}

/**
 * Whether an error says that a file does not exist. A web page that came instead counts as its absence, since some servers answer so for any
 * file that they don't have.
 * @param {unknown} error
 * @returns {error is BertletError}
 */
export const isAbsent = (error) =>
  error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code);

/**
 * Reads a small file that need not be there.
 * @param {Source} source
 * @param {string} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ bytes: Uint8Array<ArrayBuffer>, location: string } | { error: BertletError }>} `location`: its URL or path; `error`:
 *   why it is absent. Rejects with any other error
 */
export async function readOptional(source, file, signal) {
  const location = source.locate(file);
  try {
    return { bytes: await readAll(await openFile(source, file, signal), location), location };
  } catch (error) {
    if (isAbsent(error)) return { error };
    throw error;
  }
}

/**
 * Two sources as one.
 * @param {Source} source
 * @param {string} folder prefix of the files of `other`, which ends in a slash
 * @param {Source} other
 * @returns {Source}
 */
export function joinSources(source, folder, other) {
  /** @type {(file: string) => [Source, string]} */
  const resolve = (file) => (file.startsWith(folder) ? [other, file.slice(folder.length)] : [source, file]);
  const both = [source, other];
  return {
    locate(file) {
      const [owner, name] = resolve(file);
      return owner.locate(name);
    },
    open(file, signal) {
      const [owner, name] = resolve(file);
      return owner.open(name, signal);
    },
    identity: both.every(({ identity }) => identity !== undefined)
      ? both.map(({ identity }) => identity).join(' + ')
      : undefined,
    version: both.some(({ version }) => version)
      ? async (file, signal) => {
          const [owner, name] = resolve(file);
          return owner.version ? owner.version(name, signal) : 'never changes';
        }
      : undefined,
    local: both.every(({ local }) => local),
    get notes() {
      return both.flatMap(({ notes }) => notes ?? []);
    },
    keep: async () => void (await Promise.all(both.map(({ keep }) => keep?.()))),
    discard: async () => void (await Promise.all(both.map(({ discard }) => discard?.()))),
  };
}
