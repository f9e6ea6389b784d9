/** What most visits do without, in one file that is loaded when it is needed. */

export { showDraft } from "./draft.js";
export { beginAs, estrange, hearEvents, poll, refreshed, userOf } from "./fallback.js";
export { Side } from "./side.js";
