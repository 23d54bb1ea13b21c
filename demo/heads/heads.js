// Heads: what they do, and which of them are in the place of adapters.
import { createStore } from '../shared/store.js';

/** @typedef {import('bertlet').Model} Model */
/** @typedef {NonNullable<Model['head']>} AnyHead */

/** What heads do. */
export const METHODS = /** @type {const} */ (['classify', 'entities', 'answer']);

/** @typedef {(typeof METHODS)[number]} Method */

/** @typedef {{ head: AnyHead, origin: string }} Own a head on the page's model, and in a sentence where it is from */

/** @typedef {Record<Method, import('../shared/store.js').Store<Own | null>>} Owns which are in the place of adapters */

/**
 * What the page has, and what is open in it.
 * @typedef {object} Page
 * @property {import('../shared/store.js').Store<Model | null>} bert
 * @property {Owns} owns
 * @property {() => import('../model/places.js').Place} place where that model is from
 * @property {import('../shared/store.js').Store<string>} tab
 */

/** @returns {Owns} */
export const createOwns = () => ({
  classify: createStore(/** @type {Own | null} */ (null)),
  entities: createStore(/** @type {Own | null} */ (null)),
  answer: createStore(/** @type {Own | null} */ (null)),
});

/** @param {AnyHead} head */
export const methodOf = (head) => /** @type {Method} */ (METHODS.find((method) => method in head));

/**
 * The head that the page's model brings, if it does that.
 * @param {Pick<Page, 'bert' | 'place'>} page
 * @param {Method} method
 * @returns {Own | null}
 */
export function broughtHead({ bert, place }, method) {
  const head = bert.value?.head;
  if (!head || methodOf(head) !== method) return null;
  return { head, origin: `This is what ${place().name} was trained for.` };
}
