// Pages that bundlers build, each without any setting of ours but what the row names.
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useFolders, usePage } from '../browser.js';
import { HTML, PAGE, run, startServer } from '../project.js';

const FILES = { 'main.js': PAGE, 'index.html': HTML };

/** @param {string} version */
const vite = (version) => [
  {
    name: 'Vite',
    how: '`vite build`',
    packages: [`vite@${version}`],
    files: FILES,
    async use({ folder }) {
      await run(folder, 'vite', ['build']);
      return useFolders([join(folder, 'dist')]);
    },
  },
  {
    name: 'Vite',
    how: '`vite dev`',
    packages: [`vite@${version}`],
    files: FILES,
    async use({ folder }) {
      const { url, close } = await startServer(folder, 'vite', ['--host', '127.0.0.1', '--port', '0']);
      try {
        return await usePage(url);
      } finally {
        close();
      }
    },
  },
];

/** A page beside what was built of main.js. */
const useBuilt = async (folder) => {
  await writeFile(join(folder, 'out/index.html'), HTML);
  return useFolders([join(folder, 'out')]);
};

/** For bundlers that leave addresses as they are. */
const copied = (name) => `\`cp -r node_modules/bertlet/dist ${name}\``;

/** The page that says where the copy is. */
const WITH_ASSETS = PAGE.replace('use(load, model)', "use(load, model, { assets: '/bertlet/' })");

/** @type {import('../run.js').Environment[]} */
export default [
  ...['5', '6', '7', '8'].flatMap(vite),
  {
    name: 'Astro',
    how: '`astro build`',
    packages: ['astro@5'],
    files: {
      'src/pages/index.astro': '<html><body><script>import "../../main.js";</script></body></html>',
      'main.js': PAGE,
    },
    async use({ folder }) {
      await run(folder, 'astro', ['build']);
      return useFolders([join(folder, 'dist')]);
    },
  },
  {
    name: 'webpack',
    how: 'no setting',
    packages: ['webpack', 'webpack-cli'],
    files: { 'main.js': PAGE },
    async use({ folder }) {
      await run(folder, 'webpack', ['--mode', 'production', '--entry', './main.js', '-o', 'out']);
      return useBuilt(folder);
    },
  },
  {
    name: 'Rspack',
    how: 'no setting',
    packages: ['@rspack/core', '@rspack/cli'],
    files: { 'main.js': PAGE },
    async use({ folder }) {
      await run(folder, 'rspack', ['build', '--mode', 'production', '--entry', './main.js', '-o', 'out']);
      return useBuilt(folder);
    },
  },
  {
    name: 'Parcel',
    how: 'no setting',
    packages: ['parcel'],
    files: FILES,
    async use({ folder }) {
      await run(folder, 'parcel', ['build', 'index.html', '--dist-dir', 'out', '--no-cache', '--no-autoinstall']);
      return useFolders([join(folder, 'out')]);
    },
  },
  {
    name: 'esbuild',
    how: `${copied('out/bertlet')}, \`assets: '/bertlet/'\``,
    packages: ['esbuild'],
    files: { 'main.js': WITH_ASSETS },
    async use({ folder }) {
      await run(folder, 'esbuild', ['main.js', '--bundle', '--minify', '--format=esm', '--outfile=out/main.js']);
      await cp(join(folder, 'node_modules/bertlet/dist'), join(folder, 'out/bertlet'), { recursive: true });
      return useBuilt(folder);
    },
  },
  {
    name: 'Rollup',
    how: `${copied('out/bertlet')}, \`assets: '/bertlet/'\``,
    packages: ['rollup', '@rollup/plugin-node-resolve'],
    files: { 'main.js': WITH_ASSETS },
    async use({ folder }) {
      await run(folder, 'rollup', ['main.js', '-p', 'node-resolve={browser:true}', '-d', 'out', '-f', 'es']);
      await cp(join(folder, 'node_modules/bertlet/dist'), join(folder, 'out/bertlet'), { recursive: true });
      return useBuilt(folder);
    },
  },
];
