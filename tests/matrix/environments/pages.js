// Pages without a bundler, and the other places of a browser where scripts run.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backgroundOf, launchExtension } from '../../browser/browser.js';
import { serveFolders, useFolders } from '../browser.js';

const LIBRARY = '/node_modules/bertlet/dist/bertlet.js';
const page = (script) => `<!doctype html><title>A page</title><script type="module" src="${script}"></script>`;
const imports = (library) => `import { load } from '${library}';\nimport { use } from './use.js';\n`;
const STRICT = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** Of everything that a page on another origin reads. */
const FOR_ALL = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' };

/**
 * A page from whose server all comes.
 * @param {string} name
 * @param {string} how
 * @param {Record<string, string>} files
 * @param {Partial<import('../run.js').Environment> & { headers?: Record<string, string> }} [others]
 */
const plain = (name, how, files, { headers, ...others } = {}) => ({
  name,
  how,
  files: { 'index.html': page('./main.js'), ...files },
  use: ({ folder }) => useFolders([folder], { headers }),
  ...others,
});

/** A page that imports the package from another origin. @param {string} how @param {(origin: string) => Record<string, string>} headers */
const fromElsewhere = (how, headers, main = 'use(load, model)') => ({
  name: 'CDN',
  how,
  files: { 'index.html': page('./main.js') },
  async use({ folder }) {
    const cdn = await serveFolders([join(folder, 'node_modules/bertlet')], FOR_ALL);
    try {
      await writeFile(
        join(folder, 'main.js'),
        `${imports(`${cdn.url}dist/bertlet.js`)}window.use = (model) => ${main};`,
      );
      return await useFolders([folder], { headers: headers(new URL(cdn.url).origin) });
    } finally {
      cdn.close();
    }
  },
});

const policy = (workers) => (origin) => ({
  'Content-Security-Policy': `script-src 'self' ${origin} 'wasm-unsafe-eval'; worker-src ${workers}`,
});

/** What a worker of some kind gives for the address of a model. */
const ANSWER = 'new Promise((resolve) => (from.onmessage = ({ data }) => resolve(data)))';

/** An extension whose background has the model among its files. */
const EXTENSION = {
  name: 'Extension (MV3)',
  how: '`bertlet/service-worker` in the background, model among its files',
  where: 'here',
  files: {
    'manifest.json': JSON.stringify({
      manifest_version: 3,
      name: 'app',
      version: '1',
      background: { service_worker: 'background.js', type: 'module' },
      content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
    }),
    'background.js': `import { load } from './dist/service-worker.js';
      import { use } from './use.js';
      globalThis.use = () => use(load, './model/');`,
    'page.html': page('./page.js'),
    'page.js': `${imports('./dist/bertlet.js')}window.use = () => use(load, './model/');`,
  },
};

/** @param {{ folder: string, model: string }} project @param {(context: any, worker: any) => Promise<any>} use */
async function useExtension({ folder, model }, use) {
  const extension = join(folder, 'extension');
  await cp(join(folder, 'node_modules/bertlet/dist'), join(extension, 'dist'), { recursive: true });
  await cp(model, join(extension, 'model'), { recursive: true });
  for (const name of ['use.js', ...Object.keys(EXTENSION.files)]) await cp(join(folder, name), join(extension, name));
  const context = await launchExtension(extension);
  try {
    return await use(context, await backgroundOf(context));
  } finally {
    await context.close();
  }
}

/** @type {import('../run.js').Environment[]} */
export default [
  plain('Page', 'no bundler', { 'main.js': `${imports(LIBRARY)}window.use = (model) => use(load, model);` }),
  plain(
    'Page',
    `no bundler, \`${STRICT}\``,
    { 'main.js': `${imports(LIBRARY)}window.use = (model) => use(load, model);` },
    { headers: { 'Content-Security-Policy': STRICT } },
  ),
  plain(
    'Page',
    '`worker: false`',
    { 'main.js': `${imports(LIBRARY)}window.use = (model) => use(load, model, { worker: false, threads: 1 });` },
    { where: 'here' },
  ),
  plain(
    'Service worker',
    '`bertlet/service-worker`',
    {
      'main.js': `window.use = async (model) => {
        const { active, installing, waiting } = await navigator.serviceWorker.register('./worker.js', { type: 'module' });
        const from = navigator.serviceWorker;
        const answer = ${ANSWER};
        (active ?? waiting ?? installing).postMessage(model);
        return answer;
      };`,
      'worker.js': `${imports('/node_modules/bertlet/dist/service-worker.js')}onmessage = (event) =>
        event.waitUntil(use(load, event.data).then((result) => event.source.postMessage(result)));`,
    },
    { where: 'here' },
  ),
  plain(
    'Shared worker',
    'no bundler',
    {
      'main.js': `window.use = (model) => {
        const { port: from } = new SharedWorker('./worker.js', { type: 'module' });
        const answer = ${ANSWER};
        from.postMessage(model);
        return answer;
      };`,
      'worker.js': `${imports(LIBRARY)}onconnect = ({ ports: [port] }) => {
        port.onmessage = async ({ data }) => port.postMessage(await use(load, data));
      };`,
    },
    { where: 'here' },
  ),
  plain(
    'Sandboxed iframe',
    '`sandbox="allow-scripts"`',
    {
      'main.js': `window.use = (model) => {
        const from = window;
        const answer = ${ANSWER};
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.src = './frame.html#' + model;
        document.body.append(frame);
        return answer;
      };`,
      'frame.html': page('./frame.js'),
      'frame.js': `${imports(LIBRARY)}parent.postMessage(await use(load, location.hash.slice(1)), '*');`,
    },
    { headers: FOR_ALL },
  ),
  fromElsewhere('no policy', () => ({})),
  fromElsewhere('policy with `worker-src blob:`', policy("'self' blob:")),
  {
    ...fromElsewhere(
      'policy without `blob:`, `worker: false`',
      policy("'self'"),
      'use(load, model, { worker: false, threads: 1 })',
    ),
    where: 'here',
  },
  { ...fromElsewhere('policy without `blob:`', policy("'self'")), refused: /worker-src.*worker: false/ },
  { ...EXTENSION, use: (project) => useExtension(project, (_, worker) => worker.evaluate(() => globalThis.use())) },
  {
    ...EXTENSION,
    how: 'a page of it, model among its files',
    where: 'worker',
    use: (project) =>
      useExtension(project, async (context, worker) => {
        const opened = await context.newPage();
        await opened.goto(`chrome-extension://${new URL(worker.url()).host}/page.html`);
        await opened.waitForFunction(() => globalThis.use);
        return opened.evaluate(() => globalThis.use());
      }),
  },
];
