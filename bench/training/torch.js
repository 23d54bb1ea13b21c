// The peers' part, in a process of Python.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensurePython } from '../../scripts/programs.js';
import { run, step } from '../../scripts/shell.js';
import { here } from '../setup.js';

/** @typedef {import('./suite.js').Ask} Ask */

const requirements = join(here, 'training/requirements.txt');

/**
 * Python with PyTorch and PEFT in an environment of its own; or the one that BERTLET_BENCH_PYTHON names.
 * @returns {Promise<string>} the program
 */
export async function ensureTorch() {
  const given = process.env.BERTLET_BENCH_PYTHON;
  if (given) return given;
  const folder = join(here, 'models/.torch');
  const python = join(folder, 'bin/python');
  const wanted = await readFile(requirements, 'utf8');
  const installed = join(folder, 'requirements.txt');
  if (existsSync(installed) && (await readFile(installed, 'utf8')) === wanted) return python;
  await step('Installing PyTorch and PEFT (5 GB)', async () => {
    await rm(folder, { recursive: true, force: true });
    await run(await ensurePython(), ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
    await writeFile(installed, wanted);
  });
  return python;
}

/** The versions, by package. @returns {Promise<Record<string, string>>} */
export async function torchVersions() {
  const text = await readFile(requirements, 'utf8');
  return Object.fromEntries([...text.matchAll(/^(\w+)==(.+)$/gm)].map(([, name, version]) => [name, version]));
}

/**
 * @param {string} python
 * @param {string} model folder of the checkpoint
 * @param {string} small folder of the one that is pre-trained
 * @returns {{ ask: Ask, end: () => void }}
 */
export const startTorch = (python, model, small) => startPython(python, ['training/steps.py', model, small]);

/**
 * @param {string} python
 * @param {string[]} args a script in bench/, and its arguments
 * @param {Record<string, string>} [variables] of the environment
 * @returns {{ ask: Ask, end: () => void }}
 */
export function startPython(python, [script, ...args], variables) {
  const env = { ...process.env, ...variables };
  const child = spawn(python, [join(here, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('Python has ended; it says why above');
      return JSON.parse(value);
    },
    end: () => void child.stdin.end(),
  };
}
