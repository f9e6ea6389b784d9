/** What most visits do without, in one file that is loaded when it is needed. */

export { freshNonce, poll, streamEvents, userOf } from "./fallback.js";
export { Side } from "./side.js";
