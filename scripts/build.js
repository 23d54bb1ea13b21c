// `npm run build`: the WebAssembly variants, the bundles for browsers and the type declarations, all into dist/.
// Each tool rebuilds only what changed, so that running it again takes seconds.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, ensureToolchain } from './setup.js';
import { main, root, run, step } from './shell.js';

/** CMake and Ninja for src/. */
export async function buildWasm() {
  const emscripten = await ensureToolchain();
  await step('Building the C core to WebAssembly', async () => {
    if (!existsSync(join(root, 'build/wasm/build.ninja'))) {
      await run(join(emscripten, 'emcmake'), ['cmake', '--preset', 'wasm'], { quiet: true });
    }
    await run('cmake', ['--build', 'build/wasm'], { quiet: true });
  });
}

/** esbuild for js/ and web/: dist/bertlet.js, which a page imports, dist/worker.js, which that starts, and what both share. */
export async function bundle() {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: { bertlet: 'js/index.js', worker: 'js/worker.js' },
    outdir: 'dist',
    bundle: true,
    splitting: true, // what both need is fetched once, as shared.js
    chunkNames: 'shared',
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    target: 'es2022',
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** tsc: dist/types/ from the JSDoc of js/; the demo is checked against what the package declares. */
async function declareTypes() {
  await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json']);
  await writeFile(join(root, 'dist/bertlet.d.ts'), "export * from './types/js/index.js';\n");
  await run('npx', ['--no-install', 'tsc', '-p', 'demo']);
}

/** Everything. */
export async function build() {
  await ensurePackages();
  await buildWasm();
  await step('Bundling the JavaScript', bundle);
  await step('Checking and writing the types', declareTypes);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
