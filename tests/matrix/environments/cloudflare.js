// Cloudflare's runtime, workerd, on this machine.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { serveFolders } from '../browser.js';
import { run, startServer } from '../project.js';

const worker = (/** @type {string} */ model) => `
import { load } from 'bertlet';
import { use } from './use.js';
export default {
  async fetch(request, env) {
    return use(load, ${model}).then(Response.json, ({ code, message }) => Response.json({ failed: code + ': ' + message }));
  },
};`;

const FROM_ADDRESS = worker("new URL(request.url).searchParams.get('model')");

const FROM_ASSETS = worker(`Object.fromEntries(await Promise.all(['config.json', 'vocab.txt', 'model.safetensors']
  .map(async (name) => [name, await env.ASSETS.fetch(new URL('/' + name, request.url))])))`);

const CONFIGURATION = { name: 'app', main: 'main.js', compatibility_date: '2025-05-05', send_metrics: false };

/** What wrangler serves, or another program that prints its address. @param {{ folder: string, model: string }} project @param {string[]} command */
async function serve({ folder, model }, [command, ...args]) {
  const models = await serveFolders([model]);
  try {
    const { url, close } = await startServer(folder, command, args);
    try {
      const outcome = await (await fetch(`${url}?model=${models.url}`)).json();
      if (outcome.failed) throw new Error(outcome.failed);
      return outcome;
    } finally {
      close();
    }
  } finally {
    models.close();
  }
}

const WRANGLER_DEV = ['wrangler', 'dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'];

/** Runs what another bundler has made. */
const MINIFLARE = `
import { Miniflare } from 'miniflare';
const modulesRules = [{ type: 'ESModule', include: ['**/*.js'] }, { type: 'CompiledWasm', include: ['**/*.wasm'] }];
const miniflare = new Miniflare({
  modules: true, modulesRoot: 'out', scriptPath: 'out/main.js', modulesRules, compatibilityDate: '2025-05-05', host: '127.0.0.1', port: 0,
});
console.log((await miniflare.ready).href);`;

/** @param {string} how @param {string[]} conditions @param {Partial<import('../run.js').Environment>} others */
const bundled = (how, conditions, others) => ({
  name: 'Cloudflare Workers, esbuild',
  how,
  packages: ['esbuild', 'miniflare'],
  files: { 'main.js': FROM_ADDRESS, 'serve.js': MINIFLARE },
  /** @param {{ folder: string, model: string }} project */
  async use(project) {
    await run(project.folder, 'esbuild', ['main.js', '--bundle', '--format=esm', '--outdir=out', ...conditions]);
    return serve(project, ['node', 'serve.js']);
  },
  ...others,
});

/** Cloudflare's plugin wants a newer Node than 20. */
const VITE = {
  name: 'Cloudflare Workers, Vite plugin',
  packages: ['@cloudflare/vite-plugin', 'vite', 'wrangler', 'node@24'],
  where: /** @type {const} */ ('here'),
  files: {
    'main.js': FROM_ADDRESS,
    'wrangler.json': JSON.stringify(CONFIGURATION),
    'vite.config.js':
      "import { cloudflare } from '@cloudflare/vite-plugin';\nexport default { plugins: [cloudflare()] };",
  },
};

/** @type {import('../run.js').Environment[]} */
export default [
  {
    name: 'Cloudflare Workers',
    how: '`wrangler dev`',
    packages: ['wrangler'],
    where: 'here',
    files: { 'main.js': FROM_ADDRESS, 'wrangler.json': JSON.stringify(CONFIGURATION) },
    use: (project) => serve(project, WRANGLER_DEV),
  },
  {
    name: 'Cloudflare Workers',
    how: '`wrangler dev`, `nodejs_compat`, model among its assets',
    packages: ['wrangler'],
    where: 'here',
    files: {
      'main.js': FROM_ASSETS,
      'wrangler.json': JSON.stringify({
        ...CONFIGURATION,
        compatibility_flags: ['nodejs_compat'],
        assets: { directory: './model', binding: 'ASSETS' },
      }),
    },
    async use(project) {
      await cp(project.model, join(project.folder, 'model'), { recursive: true });
      return serve(project, WRANGLER_DEV);
    },
  },
  {
    ...VITE,
    how: '`vite dev`',
    use: (project) => serve(project, ['vite', '--host', '127.0.0.1', '--port', '0']),
  },
  {
    ...VITE,
    how: '`vite build`, `wrangler dev`',
    async use(project) {
      await run(project.folder, 'vite', ['build']);
      return serve(project, [...WRANGLER_DEV, '--config', 'dist/app/wrangler.json']);
    },
  },
  bundled('`--conditions=workerd --loader:.wasm=copy`', ['--conditions=workerd', '--loader:.wasm=copy'], {
    where: 'here',
  }),
  bundled('no setting', [], { refused: /condition "workerd"/ }),
];
