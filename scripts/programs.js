// Programs that other scripts call, installed only where they are missing: on Debian, as root, by apt-get; elsewhere the message says
// what to install.
import { run } from './shell.js';

/** @param {string} program */
const onPath = async (program) =>
  (await run('sh', ['-c', `command -v ${program}`], { capture: true, allowFailure: true })).code === 0;

const canInstall = async () => process.getuid?.() === 0 && (await onPath('apt-get'));

/** @param {string[]} packages */
const aptInstall = (packages) => run('sh', ['-c', '. scripts/apt-install.sh && apt_install "$@"', 'sh', ...packages]);

/**
 * @param {string[]} programs
 * @param {string[]} packages of Debian that bring them
 */
export async function ensurePrograms(programs, packages) {
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

/**
 * As ensurePrograms(), where packages bring more than programs, such as libraries: on Debian all of them are made sure of.
 * @param {string[]} programs
 * @param {string[]} packages
 */
export async function ensureDebianPackages(programs, packages) {
  if (await canInstall()) await aptInstall(packages);
  else await ensurePrograms(programs, packages);
}

/**
 * Python with pip.
 * @returns {Promise<string>} the program
 */
export async function ensurePython() {
  await ensurePrograms(['python3'], ['python3']);
  const { code } = await run('python3', ['-m', 'pip', '--version'], { quiet: true, allowFailure: true });
  if (code !== 0) await aptInstall(['python3-pip']);
  return 'python3';
}

/**
 * Installs Python packages into a folder of their own, for PYTHONPATH.
 * @param {string} folder
 * @param {...string} what packages, and options of pip
 */
export async function installPython(folder, ...what) {
  const options = '--quiet --disable-pip-version-check --root-user-action=ignore'.split(' ');
  await run(await ensurePython(), ['-m', 'pip', 'install', ...options, '--target', folder, ...what]);
}
