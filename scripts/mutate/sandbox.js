// A copy of what is tested, in which one mutant at a time is built and run.
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNativeToolchain } from '../setup.js';
import { root } from '../shell.js';

/** @typedef {import('./javascript.js').Mutant} Mutant */
/** @typedef {'killed' | 'timeout' | 'survived' | 'invalid'} Outcome 'invalid': it does not compile */

/** How much longer than without a change a test may take, and milliseconds on top of that for a machine that is busy. */
const SLOWER = 5;
const GRACE = 30_000;

/** What the tests need of the repository. */
const COPIED = ['js', 'web', 'src', 'tests', 'cmake', 'dist', 'CMakeLists.txt', 'CMakePresets.json', 'package.json'];

export class Sandbox {
  /** Milliseconds that a test takes without a change, by its name. @type {Map<string, Promise<number>>} */
  #times = new Map();

  /** Whether it is being deleted: then no program's end says anything. */
  #removed = false;

  /** What runs in it. @type {import('node:child_process').ChildProcess | undefined} */
  #running;

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** @returns {Promise<Sandbox>} */
  static async create() {
    const parent = await mkdtemp(join(tmpdir(), 'bertlet-mutate-'));
    const folder = join(parent, 'bertlet');
    await mkdir(folder);
    for (const name of COPIED) await cp(join(root, name), join(folder, name), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const sandbox = new Sandbox(folder);
    const compiler = await ensureNativeToolchain();
    // With sanitizers, as in `npm test`, so that reading one number too far does not go unnoticed.
    const options = ['-DCMAKE_BUILD_TYPE=None', '-DCMAKE_C_FLAGS=-O1 -w', '-DBERTLET_SANITIZE=address,undefined'];
    await sandbox.#run('cmake', [
      '-S',
      '.',
      '-B',
      'build',
      '-G',
      'Ninja',
      `-DCMAKE_C_COMPILER=${compiler}`,
      ...options,
    ]);
    return sandbox;
  }

  /** Ends what runs in it, and deletes it. */
  remove() {
    this.#removed = true;
    this.#stop();
    return rm(join(this.folder, '..'), { recursive: true, force: true });
  }

  /**
   * Tries a mutant.
   * @param {Mutant} mutant
   * @param {string[]} tests that cover its file, the quickest first
   * @returns {Promise<Outcome>}
   */
  async try({ file, start, end, text }, tests) {
    const path = join(this.folder, file);
    const source = await readFile(path, 'utf8');
    for (const test of tests) {
      const time = await this.#timeOf(file, test);
      if (time === 0) throw new Error(`${test} fails without any change. Mend it first.`);
      await writeFile(path, source.slice(0, start) + text + source.slice(end));
      try {
        const outcome = await this.#test(file, test, SLOWER * time + GRACE);
        if (outcome !== 'survived') return outcome;
      } finally {
        await writeFile(path, source);
      }
    }
    return 'survived';
  }

  /**
   * How long a test takes without a change.
   * @param {string} file
   * @param {string} test
   * @returns {Promise<number>} in milliseconds; 0 if it fails
   */
  #timeOf(file, test) {
    const measure = async () => {
      const begin = performance.now();
      return (await this.#test(file, test)) === 'survived' ? performance.now() - begin : 0;
    };
    const known = this.#times.get(test) ?? measure();
    this.#times.set(test, known);
    return known;
  }

  /**
   * @param {string} file that was changed
   * @param {string} test
   * @param {number} [limit] in milliseconds
   * @returns {Promise<Outcome>}
   */
  async #test(file, test, limit) {
    if (file.startsWith('js/')) return outcomeOf(await this.#run('node', ['--test', test], limit));
    const target = /^tokenizer_(?!test)/.test(test) ? 'tokenizer_golden' : test;
    if ((await this.#run('cmake', ['--build', 'build', '--target', target])) !== 0) return 'invalid';
    const ctest = ['--test-dir', 'build', '--tests-regex', `^${test}$`, '--no-tests=error'];
    return outcomeOf(await this.#run('ctest', ctest, limit));
  }

  /**
   * Runs a program in the sandbox.
   * @param {string} command
   * @param {string[]} args
   * @param {number} [limit] in milliseconds, after which it and what it started are ended
   * @returns {Promise<number | 'timeout'>} its exit code
   */
  #run(command, args, limit) {
    return new Promise((resolve, reject) => {
      // A group of its own, so that what it starts ends with it.
      const child = spawn(command, args, { cwd: this.folder, stdio: 'ignore', detached: true });
      this.#running = child;
      let late = false;
      const end = () => {
        late = true;
        this.#stop();
      };
      const timer = limit === undefined ? undefined : setTimeout(end, limit);
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        this.#running = undefined;
        if (this.#removed) return reject(new Error('The sandbox was deleted.'));
        resolve(late ? 'timeout' : (code ?? 1));
      });
    });
  }

  /** Ends the running program, and what it has started. */
  #stop() {
    if (this.#running?.pid === undefined) return;
    try {
      process.kill(-this.#running.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}

/** @param {number | 'timeout'} code @returns {Outcome} */
const outcomeOf = (code) => (code === 'timeout' ? 'timeout' : code === 0 ? 'survived' : 'killed');
