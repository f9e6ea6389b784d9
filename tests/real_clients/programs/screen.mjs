// React components of the guide, on a page.

import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { tell, until } from "./page.mjs";

/** Renders into a part of the page of its own; the part. */
export function render(Provider, provided, component, props) {
  const part = document.body.appendChild(document.createElement("section"));
  createRoot(part).render(createElement(Provider, provided, createElement(component, props)));
  return part;
}

/** Types into an input. React watches the property on the element itself, so it is set beneath. */
export function type(input, text) {
  const { set } = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "value");
  set.call(input, text);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Tells the text of a part whenever it changes. */
export function watch(part) {
  const look = () => tell("text", part.textContent);
  new window.MutationObserver(look).observe(part, {
    characterData: true,
    childList: true,
    subtree: true,
  });
}

/** Waits until a part is no longer busy, which is when an answer has ended. */
export async function ended(part) {
  await until(() => part.querySelector("[aria-busy=false]"));
  tell("answer", part.textContent);
}
