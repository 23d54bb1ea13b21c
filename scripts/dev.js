// `npm run dev`: as `npm start`, and whatever is saved is rebuilt and the page reloaded.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { build, buildWasm, bundle } from './build.js';
import { ensureModel } from './setup.js';
import { main, root, step } from './shell.js';

// What each folder's files go through. demo/ is served as it is.
const rebuild = {
  src: buildWasm,
  js: () => step('Bundling the JavaScript', bundle),
  web: () => step('Bundling the JavaScript', bundle),
  demo: () => {},
};

await main(async () => {
  await build();
  await ensureModel();
  const { serve } = await import('./serve.js');
  const { url, reload } = await serve({ port: Number(process.env.PORT ?? 8080), live: true });
  process.stdout.write(
    `\nThe demo is at ${url}; it reloads when a file in ${Object.keys(rebuild).join(', ')} is saved.\n`,
  );

  const changed = new Set();
  let timer;
  let working = Promise.resolve();
  const update = async () => {
    const folders = [...changed];
    changed.clear();
    try {
      for (const folder of folders) await rebuild[folder]();
      reload();
    } catch (error) {
      process.stderr.write(`${error.message}\n`); // the tool has said what is wrong; wait for the next save
    }
  };
  for (const folder of Object.keys(rebuild)) {
    watch(join(root, folder), { recursive: true }, () => {
      changed.add(folder);
      clearTimeout(timer);
      timer = setTimeout(() => (working = working.then(update)), 50); // editors save in several steps
    });
  }
});
