// What the benchmark uses of TF.js's WebAssembly backend.

export function setWasmPaths(folder: string): void;
export function setThreadsCount(threads: number): void;
