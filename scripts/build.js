// `npm run build`: the WebAssembly variants, the bundles for browsers and the type declarations, all into dist/, and the demo, into
// build/demo/. What takes long, C, is compiled only where it changed, so that running it again takes seconds.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/**
 * esbuild for js/ and web/. What a page loads: dist/bertlet.js, dist/worker.js, which that starts, and chunks: what both share, and what is
 * fetched when it is needed, such as training. (Their names are hashes only, since they are among what is loaded.) For few pages:
 * dist/here.js, what the worker does on the calling thread. It has copies of what it shares with the others, which would have to be cut into more
 * pieces for it. For service workers, which must not fetch code when it is needed: dist/service-worker.js, all in one file.
 */
export async function bundle() {
  const { build } = await import('esbuild');
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    outdir: 'dist',
    bundle: true,
    splitting: true,
    chunkNames: '[hash]',
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    target: 'es2022',
    minify: true,
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  };
  /** @type {import('esbuild').Plugin} */
  const hereApart = {
    name: 'here-apart',
    setup: ({ onResolve }) => onResolve({ filter: /\/here\.js$/ }, () => ({ path: './here.js', external: true })),
  };
  const results = await Promise.all([
    build({
      ...options,
      entryPoints: { bertlet: 'js/index.js', worker: 'js/worker/main.js' },
      plugins: [hereApart],
    }),
    build({ ...options, entryPoints: { here: 'js/worker/here.js' } }),
    build({ ...options, entryPoints: { 'service-worker': 'js/index.js' }, splitting: false }),
  ]);
  // Here, and not by esbuild, so that a page that is being loaded finds one build or the other.
  const files = new Map(
    results.flatMap(({ outputFiles = [] }) => outputFiles).map(({ path, contents }) => [path, contents]),
  );
  await mkdir(join(root, 'dist'), { recursive: true });
  for (const [path, contents] of files) await writeFile(path, contents);
  await removeBundles(new Set(files.keys()));
}

/** Removes what an earlier build left: its chunks have other names. @param {Set<string>} wanted paths of those that stay */
async function removeBundles(wanted) {
  const dist = join(root, 'dist');
  for (const name of await readdir(dist))
    if (/\.js(\.map)?$/.test(name) && !wanted.has(join(dist, name))) await rm(join(dist, name));
}

/** Vite for demo/, with the package as it is in dist/. */
async function bundleDemo() {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'demo/vite.config.js'), logLevel: 'warn' });
}

/** tsc: dist/types/ from the JSDoc of js/; the demo is checked against what the package
 * declares, and so are the scripts and the benchmarks. */
async function declareTypes() {
  await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json']);
  await writeFile(join(root, 'dist/bertlet.d.ts'), "export * from './types/js/index.js';\n");
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
