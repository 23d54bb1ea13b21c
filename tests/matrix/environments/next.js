// Next.js with its default configuration: a page, a route and a server component of one application.
import process from 'node:process';
import { run, startServer } from '../project.js';
import { usePage } from '../browser.js';

const FILES = {
  'app/layout.jsx': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/page.jsx': `'use client';
    import { load } from 'bertlet';
    import { useEffect } from 'react';
    import { use } from '../use.js';
    export default function Page() {
      useEffect(() => { window.use = (model) => use(load, model); });
      return <p>A page</p>;
    }`,
  'app/route/route.js': `
    import { load } from 'bertlet';
    import { use } from '../../use.js';
    export const dynamic = 'force-dynamic';
    export const GET = async () => Response.json(await use(load, process.env.MODEL));`,
  'app/component/page.jsx': `
    import { load } from 'bertlet';
    import { use } from '../../use.js';
    export const dynamic = 'force-dynamic';
    export default async function Component() {
      return <pre>{JSON.stringify(await use(load, process.env.MODEL))}</pre>;
    }`,
};

/** @param {string} folder @param {string} model @param {(url: string) => Promise<any>} use */
async function serve(folder, model, use) {
  await run(folder, 'next', ['build']);
  process.env.MODEL = model;
  const { url, close } = await startServer(folder, 'next', ['start', '--port', '0', '--hostname', '127.0.0.1']);
  try {
    return await use(url);
  } finally {
    close();
  }
}

const text = async (/** @type {string} */ url) => (await fetch(url)).text();

/** @type {import('../run.js').Environment[]} */
export default [
  {
    name: 'Next.js',
    how: '`next build` (Turbopack), a page',
    use: ({ folder, model }) => serve(folder, model, usePage),
  },
  {
    name: 'Next.js',
    how: '`next build` (Turbopack), a route',
    use: ({ folder, model }) => serve(folder, model, async (url) => JSON.parse(await text(`${url}route`))),
  },
  {
    name: 'Next.js',
    how: '`next build` (Turbopack), a server component',
    use: ({ folder, model }) =>
      serve(folder, model, async (url) => {
        const [, json] = /<pre>(.*?)<\/pre>/.exec(await text(`${url}component`));
        return JSON.parse(json.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&'));
      }),
  },
].map((environment) => ({ ...environment, packages: ['next@16', 'react', 'react-dom'], files: FILES }));
