// How Vite builds the page into build/demo/, and serves it while it is worked on (scripts/dev.js).
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: pathOf('.'),
  base: './', // so that the page can be put into any folder of a server
  cacheDir: pathOf('../build/vite'),
  resolve: {
    // The package as it is published. A Worker of the sources in js/ would not find what lies beside it only in dist/.
    alias: {
      bertlet: pathOf('../dist/bertlet.js'),
      'csv-parse/sync': 'csv-parse/browser/esm/sync', // which js/cli/data reads tables with
    },
  },
  worker: { format: 'es' },
  server: { fs: { allow: [pathOf('..')] } },
  build: {
    outDir: pathOf('../build/demo'),
    emptyOutDir: true,
    target: 'esnext', // nothing is rewritten for older browsers
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
