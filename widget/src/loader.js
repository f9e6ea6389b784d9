/**
 * What a page loads: it shows the launcher and fetches the rest when a visitor means to talk.
 *
 * The script may run early, late, twice, or again after a page swap without a reload; the second
 * copy hands its element to the first.
 */

import { api } from "./api.js";
import { ParlanceChat } from "./element.js";
import { script } from "./files.js";

if (!customElements.get("parlance-chat")) {
  customElements.define("parlance-chat", ParlanceChat);
  window.Parlance = api;
}
window.Parlance.adopt(script ?? document.querySelector("script[data-chatbot]"));
dispatchEvent(new Event("parlance:ready"));
