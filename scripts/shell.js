// Small helpers of the scripts in this folder. Only Node's own modules: they run before anything is installed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Says what is being done, and afterwards how long it took if that was noticeable.
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const start = performance.now();
  process.stderr.write(`${styleText('bold', `> ${title}`, { stream: process.stderr })}\n`);
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 1) process.stderr.write(`  ${seconds.toFixed(1)} s\n`);
  return result;
}

/**
 * Runs a program in the root folder; its output goes to ours, or, with `capture`, its stdout is returned.
 * Rejects when it fails, unless `allowFailure`.
 * @param {string} command
 * @param {string[]} args
 * @param {{ capture?: boolean, tee?: boolean, quiet?: boolean, allowFailure?: boolean, env?: Record<string, string> }} [options]
 *   tee: show stdout and return it as well; quiet: show the output only if the program fails
 * @returns {Promise<{ code: number, stdout: string }>}
 */
export function run(command, args, { capture = false, tee = false, quiet = false, allowFailure = false, env } = {}) {
  return new Promise((resolve, reject) => {
    const piped = capture || tee || quiet;
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', piped ? 'pipe' : process.stderr, quiet ? 'pipe' : 'inherit'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let hidden = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      hidden += text;
      if (tee) process.stdout.write(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => (hidden += text));
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0 || allowFailure) return resolve({ code: code ?? 1, stdout });
      if (quiet) process.stderr.write(hidden);
      reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/**
 * Runs a script's main function and turns a failure into one line and exit code 1.
 * @param {() => Promise<unknown>} work
 */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
