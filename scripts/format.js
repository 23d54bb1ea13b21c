// `npm run format` rewrites the sources as .clang-format and .prettierrc say; `--check` only says which would change.
import { fileURLToPath } from 'node:url';
import { ensureClangFormat, ensurePackages } from './setup.js';
import { main, run } from './shell.js';

export async function format({ check = false } = {}) {
  await ensurePackages();
  await run('npx', ['--no-install', 'prettier', check ? '--check' : '--write', '--log-level=warn', '.']);
  const clangFormat = await ensureClangFormat();
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.c', '*.h'], {
    capture: true,
  });
  await run(clangFormat, [...(check ? ['--dry-run', '--Werror'] : ['-i']), ...stdout.trim().split('\n')]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(() => format({ check: process.argv.includes('--check') }));
