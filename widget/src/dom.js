/** Making elements without ever making markup of text. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties] functions listen to the event of that name; what is no
 *   property of the element becomes an attribute
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  if (element instanceof HTMLButtonElement) element.type = "button";
  for (const [name, value] of Object.entries(properties)) {
    if (value == null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name in element && name !== "role") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(.../** @type {Node[]} */ (children.filter((child) => child)));
  return element;
}

/** @type {typeof import("./element.js").drawing} the loader's, set by the panel before it draws */
export let drawing;

/** @param {typeof drawing} theirs */
export function drawWith(theirs) {
  drawing = theirs;
}

export const icons = {
  history: "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 7.5V12l3 2",
  menu: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  close: "M6 9l6 6 6-6",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
};
