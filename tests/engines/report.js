// docs/engines.md, of what was tried.
import { writeFile } from 'node:fs/promises';
import * as prettier from 'prettier';
import { fromRoot } from '../support.js';

/** @param {import('./run.js').Row[]} rows @returns {string} a table in Markdown */
export function tableOf(rows) {
  const chromium = rows.find(({ name }) => name === 'Chromium')?.speed;
  const speed = (/** @type {import('./run.js').Row} */ row, /** @type {'f32' | 'int8'} */ dtype) =>
    `${row.speed[dtype].toFixed(0)}${chromium ? ` (${(row.speed[dtype] / chromium[dtype]).toFixed(2)})` : ''}`;
  const cells = rows.map((row) => {
    const { build, threads, cached } = row.facts;
    const place = row.name.startsWith('Node') ? 'folder' : 'OPFS';
    const tests = row.counts
      ? `${row.counts.passed} pass, ${row.counts.failed} fail, ${row.counts.skipped} skipped`
      : '`npm test`';
    return [
      row.name,
      row.version,
      build.startsWith('relaxed') ? 'yes' : 'no',
      threads > 1 ? 'yes' : 'no',
      cached ? place : 'no',
      build,
      speed(row, 'f32'),
      speed(row, 'int8'),
      tests,
    ];
  });
  const head = ['engine', 'version', 'relaxed SIMD', 'threads', 'cache', 'build', 'f32', 'int8', 'tests'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

/** @param {import('./run.js').Row[]} rows @param {string} processor */
export async function writeReport(rows, processor) {
  const text = `# Engines

What \`npm run test:engines\` prints and writes here, on ${new Date().toISOString().slice(0, 10)}. The speeds are sentences a second (all-MiniLM-L6-v2, two threads; in
brackets: of Chromium's), the best of five rounds in turn, measured on a shared machine (${processor}): they compare the engines, and are no record.

${tableOf(rows)}
Of WebKit there is Debian's WebKitGTK, in which shared memory and storage are switched on, as Safari has them. As it comes it has neither: then the model
has one thread and comes from the server each time, and \`info.notes\` says so. Its workers can't write files even so, so that there is a cache with
\`worker: false\` only. WebKit runs the tests of the library; those of the demo, of the cache in a worker and of pages that are offline need what its
driver does not have. In Firefox three kinds of tests are left out: a quota that is set, the names that screen readers get, and extensions.

What differs between engines, for whoever uses bertlet:

- Firefox asks for a part of bertlet that could not be fetched only once. \`NETWORK\` errors say to load the page anew.
- Firefox holds what a worker imports to \`worker-src\`: for a CDN the policy must name it there, too, beside \`blob:\`.
- In Firefox a worker that starts a worker can wait for ever within \`new Worker\`. So where \`load\` is called in a worker, the model works on that worker's own
  thread there, and \`info.notes\` says so; called in the page, it has a worker and threads.
`;
  const path = fromRoot('docs/engines.md');
  await writeFile(path, await prettier.format(text, { ...(await prettier.resolveConfig(path)), parser: 'markdown' }));
}
