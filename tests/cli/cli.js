// For the tests of the command line: runs the real program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../js/cli/main.js', import.meta.url));

/** Starts `bertlet ARGS`, with pipes. */
export function start(args) {
  return spawn(process.execPath, [main, ...args]);
}

/**
 * Runs `bertlet ARGS` to its end.
 * @param {string[]} args
 * @param {string | Buffer} [input] standard input
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
export function bertlet(args, input = '') {
  const child = start(args);
  child.stdin.on('error', () => {}); // a program that fails early leaves its input unread
  child.stdin.end(input);
  return ended(child);
}

/**
 * Runs `bertlet ARGS`, which trains, as on a wide terminal, and sends SIGINT when the first step is shown.
 * @param {string[]} args
 * @returns {ReturnType<typeof ended>}
 */
export function interrupt(args) {
  const terminal = 'data:text/javascript,process.stderr.isTTY=true;process.stderr.columns=200';
  const child = spawn(process.execPath, ['--import', terminal, main, ...args]);
  let shown = '';
  child.stderr.on('data', (text) => {
    const before = shown;
    shown += text;
    if (/step \d+ of/.test(shown) && !/step \d+ of/.test(before)) child.kill('SIGINT');
  });
  return ended(child);
}

/** What a program prints, and how it ends. */
export function ended(child) {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The values in JSON Lines. */
export function jsonLines(text) {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A new folder that is gone after the tests of the file. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'bertlet-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Something that writes a file into a folder and gives its path. @param {string} folder */
export const writerIn = (folder) => (name, content) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** What `bertlet ARGS` prints, which succeeds: results, and what is said beside them. */
export async function succeed(args, input) {
  const { code, stdout, stderr } = await bertlet(args, input);
  assert.equal(code, 0, stderr);
  return { results: jsonLines(stdout), stderr };
}

/** A file or folder of the data that developers have beside the repository. */
export function shared(path) {
  return fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
}
