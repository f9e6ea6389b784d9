/** The fictional company's own script: its texts in sixteen languages, and two buttons that open the chat. */

import { NAMES, TEXTS } from "./texts.js";

const { lang } = document.documentElement;
const texts = TEXTS[lang];

for (const element of document.querySelectorAll("[data-text]")) {
  const text = texts?.[/** @type {HTMLElement} */ (element).dataset.text ?? ""];
  if (text) element.textContent = text;
}
if (texts) document.title = `Northlight · ${texts.title}`;

const choice = /** @type {HTMLSelectElement} */ (document.getElementById("languages"));
choice.append(...Object.entries(NAMES).map(([code, name]) => new Option(name, code)));
choice.value = lang;
choice.addEventListener("change", () => {
  const address = new URL(location.href);
  address.searchParams.set("lang", choice.value);
  location.assign(address);
});

for (const id of ["ask", "ask-below"]) {
  document.getElementById(id)?.addEventListener("click", () => window.Parlance?.open());
}
