// Rolldown for js/ and web/: what a page loads of the package, in dist/. Few files, so that a first visit asks for few, and each compresses
// well:
//   bertlet.js, page-*.js     what a page imports
//   worker.js, engine-*.js    what that starts
//   shared-*.js               what both use
//   all others                what is fetched when it is needed, such as training
// For bundlers, some of which follow no import() in a worker, and some a file that names itself for ever: bundler.js, what a page imports, and
// bundler-worker.js, all in one file.
// For Node: bertlet.cjs, for require(), and node-worker.js, for programs that a bundler has made one file of; each is all in one file.
// For what needs no model, the entry bertlet/tokenizer: tokenizer.js and tokenizer.cjs, each all in one file. The entry bertlet/train, train.js, is
// part of bertlet.js.
// For few pages: here.js, what the worker does on the calling thread. It has copies of what it shares with the others, which would have to be
// cut into more pieces for it. For service workers, which must not fetch code when it is needed: service-worker.js, all in one file. For Cloudflare's
// workers, which compile no WebAssembly but what they import: workerd.js, all in one file for all entries.
// The entries hold nothing that other files import: where a server or a tool adds something to an entry's address, a file that imports it
// would run it a second time.
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './shell.js';

/** @typedef {import('rolldown').ChunkingContext} ChunkingContext */

const PAGE = join(root, 'js/index.js');
const WORKER = join(root, 'js/worker/main.js');
const HERE = join(root, 'js/worker/here.js');
const TOKENIZER = join(root, 'js/tokenizer.js');

/** What js/train.js exports: the entry bertlet/train, which shares all of its code with bertlet. */
const FOR_TRAINING = 'BertletError, createModel, trainVocabulary';

/** How what is loaded at once is put into few files. @type {import('rolldown').OutputOptions} */
const SPLIT = {
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'what is loaded at once', name: (id, context) => chunkOf(id, context) }],
  },
};

/** @type {import('rolldown').OutputOptions} */
const ONE_FILE = { codeSplitting: false, sourcemap: false };

/** @type {import('rolldown').InputOptions} */
const NODE = { platform: 'node', resolve: { conditionNames: ['node', 'import'] } };

/** @type {import('rolldown').InputOptions} */
const WORKERD = {
  resolve: { conditionNames: ['workerd', 'import'] },
  transform: {
    target: 'es2022',
    inject: Object.fromEntries(
      ['MessageChannel', 'FinalizationRegistry'].map((name) => [name, [join(root, 'web/workerd/globals.js'), name]]),
    ),
  },
};

/** Also for jsdom, which hides these of Node's globals from what it runs. @type {import('rolldown').InputOptions} */
const NODE_OR_JSDOM = {
  ...NODE,
  transform: {
    target: 'es2022',
    inject: {
      TextDecoder: ['node:util', 'TextDecoder'],
      TextEncoder: ['node:util', 'TextEncoder'],
      MessageChannel: ['node:worker_threads', 'MessageChannel'],
    },
  },
};

export async function bundle() {
  const names = new Set();
  const builds = [
    write(names, { bertlet: PAGE, worker: WORKER }, SPLIT, { plugins: [hereApart] }),
    write(names, { here: HERE }),
    write(names, { 'service-worker': PAGE }, { ...ONE_FILE, sourcemap: true }),
    write(names, { workerd: PAGE }, ONE_FILE, { ...WORKERD, plugins: [wasmBeside] }),
    write(names, { bundler: PAGE }, { ...SPLIT, sourcemap: false }, { plugins: [itsOwnWorker] }),
    write(names, { 'bundler-worker': WORKER }, ONE_FILE),
    write(names, { tokenizer: TOKENIZER }, ONE_FILE),
    write(names, { tokenizer: TOKENIZER }, { ...ONE_FILE, format: 'cjs', entryFileNames: '[name].cjs' }, NODE_OR_JSDOM),
    write(names, { bertlet: PAGE }, { ...ONE_FILE, format: 'cjs', entryFileNames: '[name].cjs' }, NODE_OR_JSDOM),
    write(names, { 'node-worker': WORKER }, ONE_FILE, NODE),
  ];
  await Promise.all(builds);
  for (const [name, of] of Object.entries({ train: 'bertlet', 'bundler-train': 'bundler' }))
    await writeNamed(names, `${name}.js`, `export { ${FOR_TRAINING} } from './${of}.js';\n`);
  await writeNamed(
    names,
    'train.cjs',
    `const { ${FOR_TRAINING} } = require('./bertlet.cjs');\nmodule.exports = { ${FOR_TRAINING} };\n`,
  );
  await removeOthers(names);
}

/** @type {import('rolldown').Plugin} */
const hereApart = {
  name: 'here-apart',
  resolveId: (id) => (id.endsWith('/here.js') ? { id: './here.js', external: true } : undefined),
};

/** Imports of .wasm files stay, for who bundles again. @type {import('rolldown').Plugin} */
const wasmBeside = {
  name: 'wasm-beside',
  resolveId: (id) => (id.endsWith('.wasm') ? { id, external: true } : undefined),
};

/** @type {import('rolldown').Plugin} */
const itsOwnWorker = {
  name: 'its-own-worker',
  transform: (code, id) =>
    id.endsWith('web/start-worker.js') ? code.replace("'./worker.js'", "'./bundler-worker.js'") : undefined,
};

/**
 * Writes what the entries need to dist/.
 * @param {Set<string>} names the names of the files are added
 * @param {Record<string, string>} input entries by name
 * @param {import('rolldown').OutputOptions} [options]
 * @param {import('rolldown').InputOptions} [inputOptions] default: for browsers
 */
async function write(names, input, options, { plugins = [], ...inputOptions } = {}) {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'browser',
    preserveEntrySignatures: 'allow-extension', // which includeDependenciesRecursively asks for
    resolve: { conditionNames: ['browser', 'import'] },
    transform: { target: 'es2022' },
    plugins: [
      plugins,
      { name: 'plain-addresses', generateBundle: (_, files) => Object.values(files).forEach(quoteAddresses) },
    ],
    onLog: (level, log, handle) => log.code === 'SOURCEMAP_BROKEN' || handle(level, log), // of itsOwnWorker, which keeps all lines
    ...inputOptions,
  });
  const { output } = await build.write({
    dir: join(root, 'dist'),
    format: 'esm',
    chunkFileNames: '[name]-[hash:6].js', // short, since files name each other
    minify: true,
    sourcemap: true,
    comments: { legal: false },
    ...options,
  });
  await build.close();
  for (const { fileName } of output) names.add(fileName);
}

/**
 * Which chunk a module belongs to.
 * @param {string} id
 * @param {ChunkingContext} context
 * @returns {string | null} null if it is an entry, or is only fetched when needed: Rolldown decides
 */
function chunkOf(id, context) {
  const atOnce = entriesOf(id, context, false);
  if (id === PAGE || id === WORKER || atOnce.size === 0) return null;
  const ever = entriesOf(id, context, true);
  return ever.size === 2 ? 'shared' : ever.has(PAGE) ? 'page' : 'engine';
}

/**
 * The entries that load a module; not those that load it by loading another entry.
 * @param {string} id
 * @param {ChunkingContext} context
 * @param {boolean} ever whether to count those that fetch it when it is needed
 * @param {Set<string>} [seen] modules that were looked at
 * @returns {Set<string>}
 */
function entriesOf(id, context, ever, seen = new Set()) {
  seen.add(id);
  const { importers = [], dynamicImporters = [] } = context.getModuleInfo(id) ?? {};
  if (id !== PAGE && id !== WORKER)
    for (const importer of ever ? [...importers, ...dynamicImporters] : importers)
      if (!seen.has(importer)) entriesOf(importer, context, ever, seen);
  return new Set([PAGE, WORKER].filter((entry) => seen.has(entry)));
}

/**
 * Writes addresses as plain strings, of the same length, where the minifier has written them as templates: not every tool that bundles
 * them again, or looks for workers and .wasm files, knows those.
 * @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} file
 */
function quoteAddresses(file) {
  if (file.type === 'chunk') file.code = file.code.replace(/\b(import|new URL)\(`(\.\/[^`$]+)`/g, '$1("$2"');
}

/** @param {Set<string>} names @param {string} name @param {string} text */
async function writeNamed(names, name, text) {
  await writeFile(join(root, 'dist', name), text);
  names.add(name);
}

/** Removes chunks of an earlier build, which have other names. Last, so that a page that is open finds its files meanwhile. @param {Set<string>} names */
async function removeOthers(names) {
  const dist = join(root, 'dist');
  for (const name of await readdir(dist))
    if (/\.c?js(\.map)?$/.test(name) && !names.has(name)) await rm(join(dist, name));
}
