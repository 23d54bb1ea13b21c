// Where a model is, as the caller says it (a ModelSpec), as a description that can be sent to the worker, where sources.js opens it.
import { locate } from '#platform';
import { BertletError } from '../errors.js';
import { exportChunks } from '../rpc/chunk-port.js';
import { readContent } from './content.js';

/** @typedef {import('../types.js').ModelSpec} ModelSpec */
/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * @typedef {{ kind: 'hub', id: string, hub: string, revision: string }
 *   | { kind: 'folder', url: string }
 *   | { kind: 'directory', path: string }
 *   | { kind: 'files', files: Record<string, MessagePort | string> }} Description a string among `files` is a URL
 */

/** What bertlet may ask for: of a folder, and of the folders in it that sentence-transformers makes. */
const FILES =
  /^(vocab\.txt|[\w-]+\.json|[\w.-]+\.safetensors(\.index\.json)?|\d+_\w+\/(config\.json|model\.safetensors))$/;

const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @typedef {object} Described
 * @property {string} name the spec in words
 * @property {Description} description
 * @property {Transferable[]} transfer
 * @property {() => void} close to be called when nothing more will be read
 */

/**
 * @param {ModelSpec} spec
 * @param {{ hub?: string | URL, revision?: string }} [options]
 * @returns {Described}
 */
export function describe(spec, { hub = 'https://huggingface.co', revision = 'main' } = {}) {
  if (typeof spec === 'string' || spec instanceof URL) {
    const name = String(spec);
    const place = locate(name);
    if (place && 'path' in place) return plain(place.path, { kind: 'directory', ...place });
    if (place) return plain(name, { kind: 'folder', url: asFolder(place.url) });
    if (!HUB_ID.test(name)) {
      const how = 'Folders begin with https://, / or ./';
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is neither a model of the hub ("org/name") nor the address of a folder. ${how}`,
      );
    }
    const server = locate(String(hub));
    if (!server || !('url' in server)) throw new BertletError('BAD_INPUT', `The hub "${hub}" is not a URL.`);
    return plain(name, { kind: 'hub', id: name, revision, hub: asFolder(server.url) });
  }
  if (typeof spec === 'object' && spec !== null) return fromFiles(isList(spec) ? byName(spec) : spec);
  throw new BertletError('BAD_INPUT', `A model is given as a hub id, a URL, a path or files, not as ${spec}.`);
}

/**
 * @param {string} name
 * @param {Description} description
 * @returns {Described}
 */
const plain = (name, description) => ({ name, description, transfer: [], close() {} });

/** @param {string} address */
function asFolder(address) {
  const url = new URL(address);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/**
 * @param {object} spec
 * @returns {spec is ArrayLike<File>}
 */
const isList = (spec) => 'length' in spec;

/**
 * Files as an `<input type="file">` gives them, by their paths in the folder of the model: the topmost one that has a
 * config.json or adapter_config.json.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function byName(list) {
  const files = Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const configs = files.map(({ path }) => path).filter((path) => /(^|\/)(adapter_)?config\.json$/.test(path));
  const [topmost = ''] = configs.sort((a, b) => depth(a) - depth(b));
  const folder = topmost.slice(0, topmost.lastIndexOf('/') + 1);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return Object.fromEntries(inFolder.map(({ file, path }) => [path.slice(folder.length), file]));
}

/**
 * @param {Record<string, FileContent>} contents
 * @returns {Described}
 */
function fromFiles(contents) {
  /** @type {Record<string, MessagePort | string>} */
  const files = {};
  /** @type {ReturnType<typeof exportChunks>[]} */
  const lent = [];
  for (const [file, content] of Object.entries(contents)) {
    if (!FILES.test(file)) continue;
    if (typeof content === 'string' || content instanceof URL) {
      const place = locate(String(content));
      if (!place || !('url' in place))
        throw new BertletError('BAD_INPUT', `"${content}", given for ${file}, is not a URL.`);
      files[file] = place.url;
    } else {
      const chunks = exportChunks(() => readContent(content, file));
      files[file] = chunks.port;
      lent.push(chunks);
    }
  }
  return {
    name: Object.keys(files).join(', '),
    description: { kind: 'files', files },
    transfer: lent.map(({ port }) => port),
    close: () => lent.forEach(({ close }) => close()),
  };
}
