// `npm run build`: the WebAssembly variants, the bundles for browsers and the type declarations, all into dist/, and the demo, into
// build/demo/. What takes long, C, is compiled only where it changed, so that running it again takes seconds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';
import { declare } from './declare.js';
import { ensureNativeToolchain, ensurePackages, ensureToolchain } from './setup.js';
import { main, root, run, step } from './shell.js';

/** CMake and Ninja for src/. @param {...string} targets besides what ships */
export async function buildWasm(...targets) {
  const emscripten = await ensureToolchain();
  await step('Building the C core to WebAssembly', async () => {
    if (!existsSync(join(root, 'build/wasm/build.ninja'))) {
      await run(join(emscripten, 'emcmake'), ['cmake', '--preset', 'wasm'], { quiet: true });
    }
    await run('cmake', ['--build', 'build/wasm', '--target', 'all', ...targets], { quiet: true });
  });
}

/**
 * CMake and Ninja for the native library and its tests, in build/<preset>.
 * @param {string} preset of CMakePresets.json
 * @param {...string} targets instead of all of them
 */
export async function buildNative(preset, ...targets) {
  const compiler = await ensureNativeToolchain();
  await run('cmake', ['--preset', preset, `-DCMAKE_C_COMPILER=${compiler}`], { quiet: true });
  const wanted = targets.length > 0 ? targets : ['all'];
  await run('cmake', ['--build', `build/${preset}`, '--target', ...wanted], { quiet: true });
}

/** Vite for demo/, with the package as it is in dist/. */
async function bundleDemo() {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'demo/vite.config.js'), logLevel: 'warn' });
}

/** What the package declares; the demo is checked against that, and so are the scripts and the benchmarks. */
async function declareTypes() {
  await declare();
  for (const folder of ['demo', 'scripts', 'bench']) await run('npx', ['--no-install', 'tsc', '-p', folder]);
}

/** What the page runs: the package without its types, and the demo. */
export async function buildPage() {
  await ensurePackages();
  await buildWasm();
  await step('Bundling the JavaScript', bundle);
  await step('Building the demo', bundleDemo);
}

/** Everything. */
export async function build() {
  await buildPage();
  await step('Checking and writing the types', declareTypes);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
