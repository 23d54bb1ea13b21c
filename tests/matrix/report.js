// docs/environments.md, of what was tried.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as prettier from 'prettier';
import process from 'node:process';
import { fromRoot } from '../support.js';

/** @param {import('./run.js').Row[]} rows */
export async function writeReport(rows) {
  const chromium = process.env.CHROMIUM || '/usr/bin/chromium';
  const { stdout } = await promisify(execFile)(chromium, ['--version', '--no-sandbox']);
  const [browser] = /\w+ \d+/.exec(stdout) ?? ['Chromium'];
  const cell = (/** @type {string | number} */ text) => String(text).replaceAll('|', '\\|');
  const lines = rows.map(
    (row) => `| ${[row.name, row.version, row.how, row.outcome, row.seconds].map(cell).join(' | ')} |`,
  );
  const text = `# Environments

What \`npm run test:matrix\` prints and writes here: for each line the package as npm packs it is installed in a fresh project, and there it loads a model, embeds a
text, and trains a head, whose numbers must be those of Node. On ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, pages in ${browser}, isolated from other origins so
that they may have threads. The seconds are those of the whole line, installing included.

\`npm test\` itself has Vite, webpack, esbuild for Node (\`tests/pack/\`), and pages, workers, iframes and extensions (\`tests/browser/\`).

| where | version | how | outcome | s |
| ----- | ------- | --- | ------- | - |
${lines.join('\n')}
`;
  const path = fromRoot('docs/environments.md');
  await writeFile(path, await prettier.format(text, { ...(await prettier.resolveConfig(path)), parser: 'markdown' }));
}
