// Writes an entry of the cache where there is no synchronous access to files: everywhere but in dedicated workers.

/** Bytes that are written at once. */
const MOST_AT_ONCE = 2 ** 26;

/**
 * Writes parts, one after the other, as one file. There is no file if it fails: what is written counts when the stream is closed.
 * @param {FileSystemDirectoryHandle} folder
 * @param {string} name
 * @param {Uint8Array[]} parts not of shared memory
 */
export async function writeStream(folder, name, parts) {
  const handle = await folder.getFileHandle(name, { create: true });
  try {
    if (!handle.createWritable) throw new Error('this browser writes files in dedicated workers only.');
    const stream = await handle.createWritable();
    for (const part of parts)
      for (let done = 0; done < part.length; done += MOST_AT_ONCE)
        // A copy, since of a part of a larger buffer WebKit writes the whole buffer.
        await stream.write(/** @type {Uint8Array<ArrayBuffer>} */ (part.slice(done, done + MOST_AT_ONCE)));
    await stream.close();
  } catch (error) {
    await folder.removeEntry(name).catch(() => {});
    throw error;
  }
}
