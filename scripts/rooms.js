// Holds the house to its order (docs/architecture.md): nothing imports from a room above its own, and no files import each other in a
// circle. Types count too, also those of comments (`import('./a.js').B`), which is why no ready-made rule does it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';

/** Rooms of js/ and web/, from the top down; a folder in a room has an order of its own. Those in one line are side by side. */
const JAVASCRIPT = [
  ['js/cli/main.js'],
  ['js/cli/commands'],
  ['js/cli/data'],
  ['js/cli/lib'],
  ['js/index.js', 'js/tokenizer.js', 'js/train.js'],
  ['js/api'],
  ['js/worker'],
  ['js/train/fit.js', 'js/train/learning-curve.js'],
  ['js/train/contrastive'],
  ['js/train/frozen', 'js/train/deep', 'js/train/baseline'],
  ['js/train/solvers'],
  ['js/train/dataset'],
  ['js/engine'],
  ['js/tokenize'],
  ['js/checkpoint'],
  ['js/io'],
  ['js/rpc'],
  ['js/core'],
  ['js/metrics'],
  ['js/decode'],
  ['js/node', 'web'],
  ['js/base'],
  ['js/types.js'],
  ['js/errors.js'],
];

/** Rooms of src/, from the top down. */
const C = [
  ['src/wasm.c'],
  ['src/train'],
  ['src/heads'],
  ['src/model', 'src/tokenize'],
  ['src/kernels'],
  ['src/base'],
  ['src/bertlet.h'],
];

/** What `#platform` may be. */
const PLATFORMS = ['js/node/platform.js', 'web/platform.js', 'web/workerd/platform.js'];

/** What runs in a page must not bring along what runs in the worker only; naming its types is free, and so is an `import()`, which waits. */
const PAGE = ['js/index.js', 'js/tokenizer.js', 'js/train.js', 'js/api'];
const WORKER = ['js/worker', 'js/train', 'js/engine'];

/** @typedef {{ to: string, waits: boolean }} Import `waits`: in a comment or by `import()`, so that nothing is loaded with the file */

const within = (/** @type {string} */ file, /** @type {string} */ room) => file === room || file.startsWith(`${room}/`);

/**
 * @param {string} file
 * @param {string} text
 * @returns {Import[]}
 */
function importsOfJavaScript(file, text) {
  /** @type {Import[]} */
  const imports = [];
  const add = (/** @type {unknown} */ name, waits = false) => {
    if (name === '#platform') imports.push(...PLATFORMS.map((to) => ({ to, waits })));
    else if (typeof name === 'string' && name.startsWith('.') && !name.endsWith('.wasm'))
      // which is beside the bundle
      imports.push({ to: posix.join(posix.dirname(file), name), waits });
  };
  /** @param {string} comment */
  const readComment = (comment) => {
    for (const [, name] of comment.matchAll(/import\(\s*'([^']+)'\s*\)/g)) add(name, true);
  };
  const program = parse(text, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    onComment: (_block, comment) => readComment(comment),
  });
  /** @param {any} node */
  const visit = (node) => {
    if (typeof node?.type !== 'string') return;
    if (node.source) add(node.source.value, node.type === 'ImportExpression');
    for (const value of Object.values(node)) for (const child of [value].flat()) visit(child);
  };
  visit(program);
  return imports;
}

/**
 * @param {string} file
 * @param {string} text
 * @param {(file: string) => boolean} exists
 * @returns {Import[]}
 */
function importsOfC(file, text, exists) {
  return [...text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, name]) => {
    // As the compiler looks: beside the file, then in src/.
    const beside = posix.join(posix.dirname(file), name);
    return { to: exists(beside) ? beside : posix.join('src', name), waits: false };
  });
}

/**
 * @param {string} root of the repository
 * @param {string[]} folders
 * @param {RegExp} pattern
 */
const list = (root, folders, pattern) =>
  folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/'))),
  );

/**
 * @param {Map<string, Import[]>} graph
 * @param {string[][]} order
 * @returns {string[]} what is wrong, in sentences
 */
function checkOrder(graph, order) {
  const floorOf = (/** @type {string} */ file) => order.findIndex((rooms) => rooms.some((room) => within(file, room)));
  const roomOf = (/** @type {string} */ file) => order[floorOf(file)]?.find((room) => within(file, room));
  /** @type {string[]} */
  const problems = [];
  for (const [file, imports] of graph) {
    if (floorOf(file) < 0) problems.push(`${file} is in no room that scripts/rooms.js knows.`);
    for (const { to, waits } of imports) {
      if (!graph.has(to)) problems.push(`${file} imports ${to}, which is not there.`);
      else if (floorOf(to) < floorOf(file)) problems.push(`${file} imports ${to} from a room above its own.`);
      else if (
        floorOf(to) === floorOf(file) &&
        roomOf(to) !== roomOf(file) &&
        !within(to, 'web') &&
        !within(to, 'js/node')
      )
        problems.push(`${file} imports ${to} from the room beside its own.`);
      if (!waits && PAGE.some((room) => within(file, room)) && WORKER.some((room) => within(to, room)))
        problems.push(`${file} runs in the page and imports ${to}, which is for the worker.`);
    }
  }
  return problems;
}

/**
 * Groups of files that import each other (Tarjan's strongly connected components).
 * @param {Map<string, Import[]>} graph
 * @returns {string[]} what is wrong, in sentences
 */
function findCircles(graph) {
  /** @type {Map<string, { index: number, low: number, open: boolean }>} */
  const visited = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[]} */
  const problems = [];
  /** @param {string} file */
  const visit = (file) => {
    const state = { index: visited.size, low: visited.size, open: true };
    visited.set(file, state);
    stack.push(file);
    for (const { to } of graph.get(file) ?? []) {
      const known = visited.get(to) ?? (graph.has(to) ? visit(to) : undefined);
      if (known?.open) state.low = Math.min(state.low, known.low);
    }
    if (state.low === state.index) {
      const group = stack.splice(stack.indexOf(file));
      for (const member of group) /** @type {{ open: boolean }} */ (visited.get(member)).open = false;
      if (group.length > 1) problems.push(`These files import each other in a circle: ${group.join(', ')}.`);
    }
    return state;
  };
  for (const file of graph.keys()) if (!visited.has(file)) visit(file);
  return problems;
}

/**
 * @param {string} root of the repository
 * @returns {string[]} what is wrong, in sentences; empty when all is in order
 */
export function findProblems(root) {
  const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8');
  const script = list(root, ['js', 'web'], /\.js$/);
  const c = list(root, ['src'], /\.[ch]$/);
  const graphs = [
    { order: JAVASCRIPT, graph: new Map(script.map((file) => [file, importsOfJavaScript(file, read(file))])) },
    { order: C, graph: new Map(c.map((file) => [file, importsOfC(file, read(file), (name) => c.includes(name))])) },
  ];
  return graphs.flatMap(({ order, graph }) => [...checkOrder(graph, order), ...findCircles(graph)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = findProblems(fileURLToPath(new URL('..', import.meta.url)));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
