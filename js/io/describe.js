// Turns a ModelSpec, by which the caller says where a model is, into a description that can be sent to the worker. There sources.js
// opens it.
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
 *   | { kind: 'files', files: Record<string, MessagePort | string> }} Description `url` and `hub` end in a slash; each of `files` is a
 *   port to read chunks from (rpc/chunk-port.js), or a URL
 */

/** The files that bertlet may read: of a model's folder, and of its subfolders for modules of sentence-transformers ("1_Pooling/"). */
const FILES =
  /^(vocab\.txt|[\w-]+\.json|[\w.-]+\.safetensors(\.index\.json)?|\d+_\w+\/(config\.json|model\.safetensors))$/;

const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @typedef {object} Described
 * @property {string} name the spec as a string, for messages and `info.model`
 * @property {Description} description
 * @property {Transferable[]} transfer ports of the description, to be transferred with it
 * @property {() => void} close cancels what was not read; to be called when the load has ended
 */

/**
 * Throws BAD_INPUT if the spec is none of these.
 * @param {ModelSpec} spec
 * @param {{ hub?: string | URL, revision?: string }} [options]
 * @returns {Described}
 */
export function describe(spec, { hub = 'https://huggingface.co', revision = 'main' } = {}) {
  if (typeof spec === 'string' || spec instanceof URL) {
    const name = String(spec);
    const located = locate(name);
    if (located && 'path' in located) return withoutPorts(located.path, { kind: 'directory', ...located });
    if (located) return withoutPorts(name, { kind: 'folder', url: withSlash(located.url) });
    if (!HUB_ID.test(name)) {
      const how = 'Folders begin with https://, / or ./';
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is neither a model of the hub ("org/name") nor the address of a folder. ${how}`,
      );
    }
    const server = locate(String(hub));
    if (!server || !('url' in server)) throw new BertletError('BAD_INPUT', `The hub "${hub}" is not a URL.`);
    return withoutPorts(name, { kind: 'hub', id: name, revision, hub: withSlash(server.url) });
  }
  if (typeof spec === 'object' && spec !== null) return describeFiles(isList(spec) ? filesByName(spec) : spec);
  throw new BertletError('BAD_INPUT', `A model is given as a hub id, a URL, a path or files, not as ${spec}.`);
}

/**
 * @param {string} name
 * @param {Description} description
 * @returns {Described}
 */
const withoutPorts = (name, description) => ({ name, description, transfer: [], close() {} });

/** @param {string} href */
function withSlash(href) {
  const url = new URL(href);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/**
 * @param {object} spec
 * @returns {spec is ArrayLike<File>}
 */
const isList = (spec) => 'length' in spec;

/**
 * Files of an `<input type="file">`, by their paths relative to the model's folder. If the user picked a folder of folders, that is
 * the topmost one with a config.json or adapter_config.json.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function filesByName(list) {
  const files = Array.from(list, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const configs = files.map(({ path }) => path).filter((path) => /(^|\/)(adapter_)?config\.json$/.test(path));
  const [topmost = ''] = configs.sort((a, b) => depth(a) - depth(b));
  const folder = topmost.slice(0, topmost.lastIndexOf('/') + 1);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return Object.fromEntries(inFolder.map(({ file, path }) => [path.slice(folder.length), file]));
}

/**
 * Files that bertlet doesn't read are left out.
 * @param {Record<string, FileContent>} contents by their paths in the model's folder
 * @returns {Described}
 */
function describeFiles(contents) {
  /** @type {Record<string, MessagePort | string>} */
  const files = {};
  /** @type {ReturnType<typeof exportChunks>[]} */
  const exported = [];
  for (const [file, content] of Object.entries(contents)) {
    if (!FILES.test(file)) continue;
    if (typeof content === 'string' || content instanceof URL) {
      const located = locate(String(content));
      if (!located || !('url' in located))
        throw new BertletError('BAD_INPUT', `"${content}", given for ${file}, is not a URL.`);
      files[file] = located.url;
    } else {
      const chunks = exportChunks(() => readContent(content, file));
      files[file] = chunks.port;
      exported.push(chunks);
    }
  }
  return {
    name: Object.keys(files).join(', '),
    description: { kind: 'files', files },
    transfer: exported.map(({ port }) => port),
    close: () => exported.forEach(({ close }) => close()),
  };
}
