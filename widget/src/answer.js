/** An answer's text on the screen: Markdown, as far as it goes, drawn anew only where it grew. */

import { blocksOf, build } from "./markdown.js";

/**
 * @param {import("./turn_view.js").Around} around
 * @param {import("./below.js").Speech} t
 * @returns {NonNullable<import("./turn_view.js").Around["drawAnswer"]>}
 */
export function answersWith({ configuration }, t) {
  return ({ text, citations }, bubble) => {
    const { allowedImageHosts: imageHosts } = configuration();
    const context = { citations, imageHosts, newTab: t("newTab") };
    const blocks = blocksOf(text);
    for (const [at, source] of blocks.entries()) {
      const there = /** @type {any} */ (bubble.children[at]);
      const state = `${citations.length} ${source}`;
      if (there?.state === state) continue;
      const node = Object.assign(build(source, context), { state });
      if (there) there.replaceWith(node);
      else bubble.append(node);
    }
    while (bubble.children.length > blocks.length) bubble.lastChild?.remove();
  };
}
