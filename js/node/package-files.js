// Where the package's own files are: its worker and the .wasm files. By paths, not URLs: bundlers for servers put other things in the place of
// `new URL(…, import.meta.url)`, such as a worker's file without what it imports.
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkHere } from '../base/own-build.js';
import { BertletError } from '../errors.js';

/** The folder that the caller says they are in. @type {string | undefined} */
let assets;

/** @type {import('../base/platform.js').Platform['useAssets']} */
export function useAssets(folder) {
  const text = String(folder);
  assets = /^file:/i.test(text) ? fileURLToPath(text) : resolve(text);
}

/** The folder that `useAssets` was called with, for a worker to do the same. */
export const usedAssets = () => assets;

checkHere(); // a bundle there has neither of these

/** This file, or a bundle: one in CommonJS has no import.meta. */
const file = import.meta.url ? fileURLToPath(import.meta.url) : __filename;

/** The package's root, if this is its file as it was installed, not one that a bundler has put into another, as in dist/bertlet.cjs. */
const root = /[\\/]js[\\/]node[\\/]package-files\.js$/.test(file) ? join(dirname(file), '../..') : undefined;

/** @returns {string} path of the worker's file; throws as `assetFile` */
export const workerFile = () => (root && !assets ? join(root, 'js/worker/main.js') : assetFile('node-worker.js'));

/**
 * @param {string} name of a file of dist/
 * @returns {string} its path; throws NO_WASM if the package is not installed where a bundle finds it
 */
export const assetFile = (name) => join(assets ?? join(root ?? installedRoot(), 'dist'), name);

/** The package's root, seen from a bundle. */
function installedRoot() {
  try {
    return dirname(createRequire(file).resolve('bertlet/package.json'));
  } catch (cause) {
    throw new BertletError(
      'NO_WASM',
      `bertlet was bundled into ${file}, and is not installed where that finds its worker and WebAssembly files. Leave it out of the ` +
        'bundle (esbuild: --external:bertlet) and install it beside, by "npm install bertlet"; or copy its dist/, and name that in the option "assets".',
      { cause },
    );
  }
}
