import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { below, pick, Skip } from '../driver.js';
import { fromRoot } from '../../support.js';

export const name = 'core';
export const what = 'the C core under AddressSanitizer and UndefinedBehaviorSanitizer (tests/fuzz), 300 inputs a trial';
/** `npm test` runs these programs by ctest. */
export const rounds = 0;

const run = promisify(execFile);
/** tests/fuzz/NAME_fuzz.c */
export const PROGRAMS = ['tokenizer', 'writer', 'image', 'forward', 'heads', 'training'];

export async function start() {
  const path = (/** @type {string} */ program) => fromRoot(`build/sanitize/tests/fuzz/fuzz_${program}`);
  const missing = PROGRAMS.find((program) => !existsSync(path(program)));
  if (missing) throw new Skip(`fuzz_${missing} is not built`);
  return {
    async trial(next) {
      const program = pick(next, PROGRAMS);
      await run(path(program), ['--rounds', '300', '--seed', String(below(next, 2 ** 31))], { cwd: fromRoot('') });
      return program;
    },
    async end() {},
  };
}
