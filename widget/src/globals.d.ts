import type { api } from "./api.js";
import type { Files } from "./files.js";

declare global {
  /** Put in by the build: the names of the other files. */
  const FILES: Files;
  /** Put in by the build: the name of what is loaded with the first answer. */
  const LATER: string;
  /** Put in by the build: the name of what is loaded when it is needed. */
  const MORE: string;
  /** Put in by the build: package.json's version. */
  const VERSION: string;
  interface Window {
    Parlance: typeof api;
  }
}
