// A head to a file.
import { showProblem } from '../shared/problems.js';

/**
 * @param {import('./heads.js').AnyHead | null} head
 * @param {string} name of the file
 * @param {HTMLElement} problem
 */
export async function saveHead(head, name, problem) {
  try {
    const bytes = await head?.save();
    if (bytes) download(bytes, name);
  } catch (error) {
    showProblem(problem, error);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {string} name
 */
function download(bytes, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
