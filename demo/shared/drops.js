// Files that are dropped onto the page.

/** @param {(file: File) => void} accept */
export function acceptDrops(accept) {
  const hasFile = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') ?? false;
  const shade = (/** @type {boolean} */ on) => document.body.classList.toggle('dropping', on);
  addEventListener('dragover', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    shade(true);
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) shade(false); // the pointer has left the window
  });
  addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    shade(false);
    const file = event.dataTransfer?.files[0];
    if (file) accept(file);
  });
}
