// Names and addresses of files. The names of a model's files come from the files themselves (the modules of modules.json, the shards of an
// index), so from whoever made the model, and become paths and addresses: which names they may have is said here.
import { BertletError } from '../errors.js';

/** The files that bertlet may read or write: of a model's folder, and of its subfolders for modules of sentence-transformers ("1_Pooling/"). */
const FILES =
  /^(vocab\.txt|[\w-]+\.json|[\w-]+(\.[\w-]+)*\.safetensors(\.index\.json)?|\d+_\w+\/(config\.json|model\.safetensors))$/;

/** Whether bertlet may read a file of this name. @param {string} file its path in the model's folder */
export const isModelFile = (file) => FILES.test(file);

/** Whether a file holds weights; all other files are small. @param {string} file */
export const isWeights = (file) => file.endsWith('.safetensors');

/**
 * A source that knows no other files than those of a model's folder: for any other name its functions throw BAD_CONFIG.
 * @param {import('../base/platform.js').Source} source
 * @returns {import('../base/platform.js').Source}
 */
export function onlyModelFiles(source) {
  /** @type {(file: string) => string} */
  const checked = (file) => {
    if (isModelFile(file)) return file;
    throw new BertletError(
      'BAD_CONFIG',
      `A file of the model names the file ${JSON.stringify(file)}. bertlet reads those of the model's folder and of its ` +
        'subfolders with names such as 1_Pooling only. Take the model from a source that you trust, or export it again.',
    );
  };
  const { version } = source;
  return {
    ...source, // its `notes` are one array, which grows
    locate: (file) => source.locate(checked(file)),
    open: async (file, signal) => source.open(checked(file), signal),
    version: version && (async (file, signal) => version(checked(file), signal)),
  };
}

/** The name of a value's class, also if it is the class of another realm, such as a frame's or a vm context's. @param {unknown} value */
export const className = (value) => Object.prototype.toString.call(value).slice('[object '.length, -1);

/**
 * Whether it is the address of a file, and not its content.
 * @param {unknown} content
 * @returns {content is string | URL}
 */
export const isAddress = (content) => typeof content === 'string' || className(content) === 'URL';
