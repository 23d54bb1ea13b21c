// Programs of Node and its kin, as they are and as bundlers and test runners change them.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { COMMONJS, PROGRAM, run } from '../project.js';

/** A test that writes the outcome to a file, for runners with Jest's interface. */
const TEST = `
test('the model works', async () => {
  require('node:fs').writeFileSync('outcome.json', JSON.stringify(await use(load, process.env.MODEL)));
}, 60_000);
`;

const IN_COMMONJS = `const { load } = require('bertlet');\nconst { use } = require('./use.cjs');\n${TEST}`;
const IN_MODULES = `import { writeFileSync } from 'node:fs';\nimport { load } from 'bertlet';\nimport { use } from './use.js';\n${TEST.replace("require('node:fs').", '')}`;

/** What a test has written. @param {string} folder */
const outcomeOf = async (folder) =>
  JSON.parse(await run(folder, 'node', ['-p', 'fs.readFileSync("outcome.json", "utf8")']));

/**
 * @param {string} name
 * @param {string} how
 * @param {string} program that runs it
 * @param {{ packages?: string[], args?: string[], file?: string }} [options]
 */
const runtime = (name, how, program, { packages, args = [], file = 'main.js' } = {}) => ({
  name,
  how,
  packages,
  files: { [file]: file.endsWith('.cjs') ? COMMONJS : PROGRAM },
  use: async ({ folder, model }) => JSON.parse(await run(folder, program, [...args, file, model])),
});

const NODE = [
  ['Node', 'node@20'],
  ['Node', 'node@22'],
  ['Node', 'node@24'],
].flatMap(([name, version]) => [
  runtime(name, '`import`', 'node', { packages: [version] }),
  runtime(name, '`require`', 'node', { packages: [version], file: 'main.cjs' }),
]);

/**
 * A program that a bundler makes one file of.
 * @param {string} name
 * @param {string} how
 * @param {string[]} packages
 * @param {string[]} command
 * @param {Record<string, string>} [files]
 */
const bundled = (name, how, packages, [command, ...args], files = {}) => ({
  name,
  how,
  packages,
  files: { 'main.js': PROGRAM, ...files },
  async use({ folder, model }) {
    await run(folder, command, args);
    return JSON.parse(await run(folder, 'node', [name.includes('CommonJS') ? 'out/main.cjs' : 'out/main.js', model]));
  },
});

/** @type {import('../run.js').Environment[]} */
export default [
  ...NODE,
  runtime('Bun', '`import`', 'bun', { packages: ['bun'] }),
  runtime('Bun', '`require`', 'bun', { packages: ['bun'], file: 'main.cjs' }),
  runtime('Deno', '`import`', 'deno', { packages: ['deno'], args: ['run', '-A'] }),
  bundled(
    'esbuild for Node, ES modules',
    'no setting',
    ['esbuild'],
    ['esbuild', 'main.js', '--bundle', '--platform=node', '--format=esm', '--outfile=out/main.js'],
  ),
  bundled(
    'esbuild for Node, CommonJS',
    'no setting',
    ['esbuild'],
    ['esbuild', 'main.js', '--bundle', '--platform=node', '--format=cjs', '--outfile=out/main.cjs'],
  ),
  {
    ...bundled(
      'esbuild for Node, ES modules',
      'elsewhere, with a copy of dist/ and `assets`',
      ['esbuild'],
      ['esbuild', 'main.js', '--bundle', '--platform=node', '--format=esm', '--outfile=out/main.js'],
      {
        'main.js': PROGRAM.replace(
          'use(load, process.argv[2])',
          "use(load, process.argv[2], { assets: new URL('./bertlet/', import.meta.url) })",
        ),
      },
    ),
    async use({ folder, model }) {
      await run(folder, 'esbuild', ['main.js', '--bundle', '--platform=node', '--format=esm', '--outfile=out/main.js']);
      await cp(join(folder, 'node_modules/bertlet/dist'), join(folder, 'out/bertlet'), { recursive: true });
      await run(folder, 'npm', ['uninstall', '--no-audit', '--no-fund', 'bertlet']);
      return JSON.parse(await run(folder, 'node', ['out/main.js', model]));
    },
  },
  bundled(
    'Vite SSR',
    '`ssr: { noExternal: true }`',
    ['vite'],
    ['vite', 'build', '--ssr', 'main.js', '--outDir', 'out'],
    {
      'vite.config.js': 'export default { ssr: { noExternal: true } };',
    },
  ),
  bundled(
    'webpack for Node, CommonJS',
    "`target: 'node'`",
    ['webpack', 'webpack-cli'],
    [
      'webpack',
      '--mode',
      'production',
      '--target',
      'node',
      '--entry',
      './main.js',
      '-o',
      'out',
      '--output-filename',
      'main.cjs',
    ],
  ),
  ...[
    { how: 'CommonJS', files: { 'main.test.cjs': IN_COMMONJS }, args: [] },
    {
      how: '`--experimental-vm-modules`',
      files: { 'main.test.js': IN_MODULES },
      args: [],
      env: '--experimental-vm-modules',
    },
    {
      how: 'CommonJS, jsdom',
      files: { 'main.test.cjs': IN_COMMONJS },
      args: ['--env=jsdom'],
      packages: ['jest-environment-jsdom'],
    },
    {
      how: '`--experimental-vm-modules`, jsdom',
      files: { 'main.test.js': IN_MODULES },
      args: ['--env=jsdom'],
      packages: ['jest-environment-jsdom'],
      env: '--experimental-vm-modules',
    },
  ].map(({ how, files, args, packages = [], env = '' }) => ({
    name: 'Jest',
    how,
    packages: ['jest', ...packages],
    files,
    settings: { jest: { testMatch: ['**/*.test.*'], transform: {} } },
    async use({ folder, model }) {
      process.env.MODEL = model;
      await run(folder, 'node', [...(env ? [env] : []), 'node_modules/jest/bin/jest.js', '--ci', ...args]);
      return outcomeOf(folder);
    },
  })),
  ...['node', 'jsdom'].map((environment) => ({
    name: 'Vitest',
    how: environment === 'node' ? 'no setting' : 'jsdom',
    packages: ['vitest', ...(environment === 'jsdom' ? ['jsdom'] : [])],
    files: { 'main.test.js': `import { test } from 'vitest';\n${IN_MODULES}` },
    async use({ folder, model }) {
      process.env.MODEL = model;
      await run(folder, 'vitest', ['run', `--environment=${environment}`]);
      return outcomeOf(folder);
    },
  })),
];
