// `npm run format` rewrites the sources as .clang-format and .prettierrc say; `--check` only says which would change.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureClangFormat, ensurePackages } from './setup.js';
import { main, root, run } from './shell.js';

/**
 * @param {{ check?: boolean }} [options] check: rejects where something would change, and changes nothing
 */
export async function format({ check = false } = {}) {
  await ensurePackages();
  await run('npx', ['--no-install', 'prettier', check ? '--check' : '--write', '--log-level=warn', '.']);
  const clangFormat = await ensureClangFormat();
  const files = ['src', 'tests', 'cmake'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[ch]$/.test(name))
      .map((name) => join(folder, name)),
  );
  await run(clangFormat, [...(check ? ['--dry-run', '--Werror'] : ['-i']), ...files]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(() => format({ check: process.argv.includes('--check') }));
