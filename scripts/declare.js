// The package's type declarations, dist/types/: of what tsc makes of all JSDoc comments, only what the package's entries name, directly or not.
// The rest is about the inside, and would ask for the types of browsers and Node.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { root, run } from './shell.js';

/** The files whose exports the package's users see. */
const ENTRIES = ['js/index.js', 'js/tokenizer.js', 'js/train.js'];

/** A property that users are not to see; tsc leaves out only methods. */
const INTERNAL = /^ +\/\*\* @internal .*\*\/\n.*\n/gm;

/** @typedef {{ text: string, code: string, names: string[] }} Statement `code`: without comments; `names`: that it declares */

export async function declare() {
  const all = await mkdtemp(join(tmpdir(), 'bertlet-types-'));
  try {
    await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json', '--outDir', all]);
    const types = join(root, 'dist/types');
    await rm(types, { recursive: true, force: true });
    for (const [file, statements] of await needed(all)) {
      const path = join(types, file.replace(/js$/, 'd.ts'));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, [...statements].map(({ text }) => text).join('') || 'export {};\n');
    }
    // They are the same for require() and import; these tell which it is.
    await writeFile(join(types, 'package.json'), '{ "type": "commonjs" }\n');
    for (const [name, entry] of Object.entries({ bertlet: 'index', tokenizer: 'tokenizer', train: 'train' }))
      for (const ending of ['ts', 'cts'])
        await writeFile(join(root, `dist/${name}.d.${ending}`), `export * from './types/js/${entry}.js';\n`);
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}

/**
 * What the entries need.
 * @param {string} folder of all declarations
 * @returns {Promise<Map<string, Set<Statement>>>} by file, in its order
 */
async function needed(folder) {
  /** @type {Map<string, Promise<Statement[]>>} */
  const files = new Map();
  const statementsOf = (/** @type {string} */ file) => {
    const known =
      files.get(file) ??
      readFile(join(folder, file.replace(/js$/, 'd.ts')), 'utf8').then((text) =>
        statements(text.replace(INTERNAL, '')),
      );
    files.set(file, known);
    return known;
  };
  /** @type {Map<string, Set<Statement>>} */
  const found = new Map();
  /** @type {[file: string, name?: string][]} what is to be looked at; all of a file without a name */
  const queue = ENTRIES.map((file) => [file]);
  for (const [file, name] of queue) {
    const taken = found.get(file) ?? new Set();
    found.set(file, taken);
    for (const statement of await statementsOf(file)) {
      if (taken.has(statement) || (name !== undefined && !statement.names.includes(name))) continue;
      taken.add(statement);
      const to = (/** @type {string} */ path) => posix.join(posix.dirname(file), path);
      for (const [, path, wanted] of statement.code.matchAll(/import\(["'](\.[^"']+)["']\)\.(\w+)/g))
        queue.push([to(path), wanted]);
      const [, list, path] =
        /^(?:ex|im)port (?:type )?(\*|\{.*?\}) from ["'](\.[^"']+)["']/s.exec(statement.code) ?? [];
      if (list === '*') queue.push([to(path)]);
      else for (const [wanted] of list?.matchAll(/\w+/g) ?? []) queue.push([to(path), wanted]);
      for (const [word] of statement.code.matchAll(/\b[A-Za-z]\w*/g)) queue.push([file, word]);
    }
  }
  for (const [file, taken] of found) {
    const ordered = (await statementsOf(file)).filter((statement) => taken.has(statement));
    found.set(file, new Set(ordered));
  }
  return new Map([...found].filter(([file, taken]) => taken.size > 0 || ENTRIES.includes(file)));
}

/** The statements of a file, each with the comment before it. @param {string} text @returns {Statement[]} */
function statements(text) {
  const parts = text.match(
    /^(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?(?:export|import|declare|type|interface)\b[^]*?(?=^(?:\/\*\*|export|import|declare|type|interface)|(?![^]))/gm,
  );
  return (parts ?? []).map((part) => {
    const code = part.replace(/\/\*\*[^]*?\*\//g, '').trim();
    const [, name] =
      /^(?:export )?(?:declare )?(?:type|interface|class|function|const|let|abstract class) (\w+)/.exec(code) ?? [];
    const [, list = ''] = /^(?:export|import) (?:type )?\{(.*?)\}/s.exec(code) ?? [];
    return {
      text: part.replace(/^ *(\/\*\*)? \* @(typedef|template).*\n/gm, ''),
      code,
      names: name ? [name] : (list.match(/\w+/g) ?? []),
    };
  });
}
