/** `window.Parlance`: what a page can do with its widgets. */

import { ParlanceChat } from "./element.js";
import { homeOf } from "./files.js";

/** @typedef {import("./settings.js").Settings} Settings */

/** @type {[string, EventListener][]} */
let listening = [];

const widgets = () => [...ParlanceChat.all];

/** @param {string} [chatbot] the embed key; the first widget of the page when left out */
const find = (chatbot) => widgets().find((one) => !chatbot || one.settings.chatbot === chatbot);

export const api = {
  version: VERSION,

  /**
   * Shows a chatbot. A second call for the same one gives the widget that is there.
   *
   * @param {Partial<Settings> & {chatbot: string}} settings
   * @returns {ParlanceChat}
   */
  init(settings) {
    const there = widgets().find(
      (one) => one.settings.chatbot === settings.chatbot && one.settings.display !== "inline",
    );
    if (there) return there;
    const widget = new ParlanceChat();
    widget.settings = { ...settings };
    ParlanceChat.all.add(widget); // what the page wants before there is a body happens then
    if (document.body) document.body.append(widget);
    else addEventListener("DOMContentLoaded", () => document.body.append(widget), { once: true });
    return widget;
  },

  /** @param {HTMLScriptElement | null} script one that names a chatbot */
  adopt(script) {
    const { chatbot } = script?.dataset ?? {};
    if (!script || !chatbot) return;
    api.init({ apiUrl: homeOf(script), .../** @type {any} */ (script.dataset), chatbot });
  },

  /** @param {string} [chatbot] */
  open: (chatbot) => find(chatbot)?.open(),
  /** @param {string} [chatbot] */
  close: (chatbot) => find(chatbot)?.close(),
  /** @param {string} [chatbot] */
  toggle: (chatbot) => find(chatbot)?.toggle(),
  /**
   * @param {string} text
   * @param {string} [chatbot]
   */
  ask: (text, chatbot) => find(chatbot)?.ask(text),
  /**
   * Another visitor from now on; null signs out.
   *
   * @param {Partial<Settings> | null} who getToken, userId, userEmail
   */
  identify(who) {
    for (const one of widgets()) one.identify(who);
  },

  /**
   * @param {string} name ready, open, close, question, answer, error, unread ...
   * @param {EventListener} listener
   */
  on(name, listener) {
    document.addEventListener(`parlance:${name}`, listener);
    listening.push([name, listener]);
  },
  /**
   * @param {string} name
   * @param {EventListener} listener
   */
  off(name, listener) {
    document.removeEventListener(`parlance:${name}`, listener);
    listening = listening.filter(([one, that]) => one !== name || that !== listener);
  },
  /** Takes every widget away, with all that it opened and every listener of `on`. */
  destroy() {
    for (const one of widgets()) one.destroy();
    for (const [name, listener] of listening) api.off(name, listener);
  },
};
