// Where the package's own files are: its worker and the .wasm files.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BertletError } from '../errors.js';

/** The folder that the caller says they are in; ends in a slash. @type {URL | undefined} */
let assets;

/** @type {import('../base/platform.js').Platform['useAssets']} */
export function useAssets(folder) {
  const text = String(folder);
  assets = pathToFileURL(`${resolve(/^file:/i.test(text) ? fileURLToPath(text) : text)}/`);
}

/** The folder that `useAssets` was called with, for a worker to do the same. */
export const usedAssets = () => assets;

/**
 * Whether this is a file of the package as it is installed, so that the others lie about it: not one that a bundler has put into another, as in
 * dist/bertlet.cjs. (A bundler that takes the others along leaves its address as it is.)
 */
const installed = import.meta.url?.endsWith('/js/node/package-files.js');

/** Whether the worker's file must be asked of `assetFile`. */
export const isApart = () => !installed || assets !== undefined;

/**
 * @param {string} name of a file of dist/
 * @returns {URL} throws NO_WASM if the package is not installed where a bundle finds it
 */
export function assetFile(name) {
  if (assets) return new URL(name, assets);
  if (installed) return new URL(`../../dist/${name}`, import.meta.url);
  const bundle = import.meta.url ?? __filename; // a bundle in CommonJS has no import.meta
  try {
    const root = pathToFileURL(createRequire(bundle).resolve('bertlet/package.json'));
    return new URL(`dist/${name}`, root);
  } catch (cause) {
    throw new BertletError(
      'NO_WASM',
      `bertlet was bundled into ${bundle}, and is not installed where that finds its worker and WebAssembly files. Leave it out of the ` +
        'bundle (esbuild: --external:bertlet) and install it beside, by "npm install bertlet"; or copy its dist/ and name that in the option "assets".',
      { cause },
    );
  }
}
