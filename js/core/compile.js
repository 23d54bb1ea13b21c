// Chooses the fastest WebAssembly build that runs here, and compiles it.
import { relaxedSimd, simd } from 'wasm-feature-detect';
import { compileWasm, cores, whyNoThreads } from '#platform';
import { BertletError } from '../errors.js';
import { createCore } from './instance.js';

/** @typedef {import('../types.js').Build} Build */

/** All builds, the fastest first. @type {Build[]} */
export const BUILDS = ['relaxed-mt', 'relaxed', 'simd-mt', 'simd', 'scalar'];

/**
 * @typedef {object} BuildInfo
 * @property {Build} build
 * @property {number} threads how many the core is to use, the calling one included; 1 for a build without threads
 * @property {number} int8Path bertlet_int8_path(): which way int8 models multiply here
 * @property {string[]} notes sentences on why it is not a faster build, or has fewer threads than were asked for
 */

/** @typedef {import('./instance.js').CompiledModule & BuildInfo} Compiled */

/** Maximum number of threads by default: memory bandwidth lets more gain little. */
const DEFAULT_THREADS = 4;

/**
 * Compiles the fastest build that works here; one that fails to compile is noted, and the next is tried.
 * @param {{ threads?: number, build?: Build }} [options] `threads`: default one for each core, up to 4; `build`: use this one and no
 *   other
 * @returns {Promise<Compiled>} rejects with NO_WASM if none can be fetched or compiled
 */
export async function compile({ threads, build } = {}) {
  const notes = [];
  const wanted = threads ?? Math.min(cores(), DEFAULT_THREADS);
  const whyOne = whyNoThreads();
  if (whyOne && wanted > 1) notes.push(whyOne);

  const names = build ? [build] : await candidates(wanted > 1 && !whyOne, notes);
  for (;;) {
    const name = names[0];
    try {
      const module = await compileWasm(name);
      const shared = name.endsWith('-mt');
      // A small instance, to read what is the same for all instances.
      const { end: heapBase, fn } = await createCore({ module, shared, heapBase: 0 }, 0);
      if (threads && threads > 1 && !shared && !whyOne)
        notes.push(`The build "${name}" has one thread, not the ${threads} that were asked for.`);
      return { module, build: name, shared, heapBase, threads: shared ? wanted : 1, int8Path: fn.int8_path(), notes };
    } catch (error) {
      names.shift();
      if (names.length === 0) throw noWasm(name, error);
      notes.push(`The build "${name}" does not work here: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/**
 * The builds whose features this engine has.
 * @param {boolean} multiThreaded whether builds with threads can run
 * @param {string[]} notes a sentence for each missing feature is added
 * @returns {Promise<Build[]>} fastest first
 */
async function candidates(multiThreaded, notes) {
  /** @type {('simd' | 'relaxed')[]} */
  const kinds = [];
  if (await relaxedSimd()) kinds.push('relaxed');
  else notes.push('This engine has no relaxed SIMD, which would be faster.');
  if (await simd()) kinds.push('simd');
  else notes.push('This engine has no WebAssembly SIMD, so the slow build runs.');
  return [...kinds.flatMap((kind) => /** @type {Build[]} */ (multiThreaded ? [`${kind}-mt`, kind] : [kind])), 'scalar'];
}

/**
 * The error as a BertletError; NO_WASM if it is another one.
 * @param {Build} build
 * @param {unknown} error what compiling it threw
 */
function noWasm(build, error) {
  if (error instanceof BertletError) return error;
  const { message } = /** @type {Error} */ (error);
  const csp = /unsafe-eval|Content Security Policy/i.test(message)
    ? " The page's Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src."
    : '';
  return new BertletError('NO_WASM', `The WebAssembly build "${build}" could not be compiled: ${message}.${csp}`, {
    cause: error,
  });
}
