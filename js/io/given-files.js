// Files that the caller gives as they are: of a file picker, as bytes, streams or answers of a server. Each is lent to the worker through a
// port.
import { locate } from '#platform';
import { BertletError } from '../errors.js';
import { exportFile } from '../rpc/exported-file.js';
import { rereadable } from './content.js';
import { isAddress, isModelFile } from './file-name.js';

/** @typedef {import('../types.js').FileContent} FileContent */

/**
 * @param {object} spec
 * @returns {spec is ArrayLike<File>}
 */
const isList = (spec) => 'length' in spec;

/**
 * Files of an `<input type="file">`, by their paths relative to the model's folder. If the user picked a folder of folders, that is
 * the topmost one with a config.json or adapter_config.json. Throws BAD_INPUT for what has no name.
 * @param {ArrayLike<File>} list
 * @returns {Record<string, File>}
 */
function filesByName(list) {
  const files = Array.from(list, (file, i) => {
    const path = file?.webkitRelativePath || file?.name;
    if (typeof path !== 'string')
      throw new BertletError('BAD_INPUT', `Element ${i} of a list of files is no File: it has no name.`);
    return { file, path };
  });
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const configs = files.map(({ path }) => path).filter((path) => /(^|\/)(adapter_)?config\.json$/.test(path));
  const [topmost = ''] = configs.sort((a, b) => depth(a) - depth(b));
  const folder = topmost.slice(0, topmost.lastIndexOf('/') + 1);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return Object.fromEntries(inFolder.map(({ file, path }) => [path.slice(folder.length), file]));
}

/**
 * Describes files that the caller gives. Those that bertlet doesn't read are left out. Throws BAD_INPUT for a content that is none.
 * @param {ArrayLike<File> | object} given of an `<input>`, or contents by their paths in the model's folder
 * @param {import('./description.js').Headers} headers
 * @returns {import('./description.js').Described}
 */
export function describeFiles(given, headers) {
  const contents = isList(given) ? filesByName(given) : /** @type {Record<string, FileContent>} */ (given);
  const known = Object.entries(contents).filter(([file]) => isModelFile(file));
  // First all that may throw: a port that is open keeps Node from exiting.
  const places = known.map(([file, content]) => ({
    file,
    ...(isAddress(content) ? { url: addressOf(content, file) } : rereadable(content, file)),
  }));
  /** @type {Record<string, MessagePort | string>} */
  const files = {};
  /** @type {MessagePort[]} */
  const transfer = [];
  /** @type {(() => void)[]} */
  const closing = [];
  for (const place of places) {
    if ('url' in place) {
      files[place.file] = place.url;
    } else {
      const { port, close } = exportFile(place.open);
      files[place.file] = port;
      transfer.push(port);
      closing.push(close, place.cancel);
    }
  }
  return {
    name: Object.keys(files).join(', '),
    description: { kind: 'files', files, headers },
    transfer,
    close: () => closing.forEach((end) => end()),
  };
}

/**
 * @param {string | URL} content
 * @param {string} file
 * @returns {string} the absolute URL; throws BAD_INPUT if it is none
 */
function addressOf(content, file) {
  const located = locate(String(content));
  if (located && 'url' in located) return located.url;
  throw new BertletError('BAD_INPUT', `"${content}", given for ${file}, is not a URL.`);
}
