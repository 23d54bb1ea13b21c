// Where models come from.
import { BertletError, load } from 'bertlet';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {import('bertlet').LoadOptions & import('bertlet').TaskOptions} Options */

/**
 * A place that a model can be loaded from, once or several times.
 * @typedef {object} Place
 * @property {string} name of the model, without the path to it
 * @property {(options: Options) => Promise<Model>} load
 */

/** The model that the adapters were trained for. */
const DEFAULT_MODEL = 'sentence-transformers/all-MiniLM-L6-v2';

const query = new URLSearchParams(location.search);
const dtype = /** @type {Options['dtype']} */ (query.get('dtype') ?? 'int8');
const hub = query.get('hub');
/** The server that the page comes from, if it has the model, else Hugging Face. */
const hubs = hub ? [hub] : [new URL('models', location.href).href, 'https://huggingface.co'];

/**
 * @param {string} model
 * @returns {Place}
 */
const onHub = (model) => ({ name: nameOf(model), load: (options) => loadFromAny(model, hubs, { ...options, dtype }) });

/** The model that the page's address asks for (`?model=`, `?hub=`, `?dtype=`), else the default one. */
export const requestedPlace = () => onHub(query.get('model') ?? DEFAULT_MODEL);

/**
 * @param {File[]} files of a folder
 * @returns {Place}
 */
export const folderPlace = (files) => ({
  name: files[0].webkitRelativePath.split('/')[0],
  load: (options) => load(files, { ...options, dtype }),
});

/**
 * Where there is a model that takes the adapters: where the page's own is from, if that is the one.
 * @param {Place} place
 */
export function adaptablePlace(place) {
  const base = onHub(DEFAULT_MODEL);
  return place.name === base.name ? place : base;
}

/**
 * Asks one hub after the other.
 * @param {string} model
 * @param {string[]} places
 * @param {Options} options
 * @returns {Promise<Model>}
 */
async function loadFromAny(model, [first, ...others], options) {
  try {
    return await load(model, { ...options, hub: first });
  } catch (error) {
    // A server without a mirror may answer with its own page.
    const absent = error instanceof BertletError && ['FILE_NOT_FOUND', 'NOT_A_MODEL'].includes(error.code);
    if (!absent || others.length === 0) throw error;
    return loadFromAny(model, others, options);
  }
}

/** @param {string} model hub id or URL of a folder */
const nameOf = (model) => model.replace(/\/+$/, '').split('/').at(-1) ?? model;
