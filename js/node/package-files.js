// The package's own files, for a copy of its code that a bundler has put into a file elsewhere: they stay where the package is installed.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { BertletError } from '../errors.js';

/**
 * @param {string} file from the package's root
 * @returns {URL} throws NO_WASM if the package is not installed where the bundle finds it
 */
export function installedFile(file) {
  const bundle = import.meta.url ?? __filename; // a bundle in CommonJS has no import.meta
  try {
    const main = pathToFileURL(createRequire(bundle).resolve('bertlet')); // js/index.js
    return new URL(`../${file}`, main);
  } catch (cause) {
    throw new BertletError(
      'NO_WASM',
      `bertlet was bundled into ${bundle}, and is not installed where that finds its worker and WebAssembly files. Leave it out of the ` +
        'bundle (esbuild: --external:bertlet) and install it beside, by "npm install bertlet".',
      { cause },
    );
  }
}
