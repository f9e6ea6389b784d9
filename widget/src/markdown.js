/**
 * Answers as DOM nodes. Text never becomes markup: nodes are made one by one and text is put into
 * them, so that what a model was talked into saying stays something that it said.
 *
 * A subset of CommonMark with GitHub's tables. Every pattern is bounded, or a hostile answer could
 * keep the page busy.
 */

/** @typedef {{citations: import("./conversation.js").Citation[], imageHosts: string[], newTab: string}} Context */

const DEEPEST = 6;
const SAFE_PROTOCOLS = ["http:", "https:", "mailto:", "tel:"];

/**
 * 1 escape · 2,3 code · 4,5 image · 6,7 link · 8 citation · 9,10 strong · 11,12 emphasis ·
 * 13 struck · 14 <address> · 15 bare address · 16 line break
 */
const INLINE =
  /\\([!-/:-@[-`{-~])|(`{1,3})(?!`)([\s\S]{1,2000}?)(?<!`)\2(?!`)|!\[([^\]\n]{0,300})\]\(([^\s()]{1,2000})(?:\s[^)\n]{0,300})?\)|\[((?:[^\]\n\\]|\\.){1,500})\]\(<?([^\s()<>]{1,2000}(?:\([^\s()]{0,100}\)[^\s()<>]{0,200})?)>?(?:\s[^)\n]{0,300})?\)|\[(\d{1,3})\]|(\*\*|__)(?=\S)([\s\S]{1,2000}?)(?<=\S)\9(?!\*)|(?<![\w*])([*_])(?=\S)([^*_]{1,1000}?)(?<=\S)\11(?!\w)|~~([^~\n]{1,1000})~~|<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>|(https?:\/\/[^\s<>"'`\])]{1,2000}[^\s<>"'`\]).,;:!?。，、])|(\n)/g;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const ITEM = /^( {0,12})([-*+]|\d{1,9}[.)])(?:[ \t]+|$)(.*)$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,200}$/;
const DELIMITER_ROW = /^\|?[ \t]*:?-{1,100}:?[ \t]*(?:\|[ \t]*:?-{1,100}:?[ \t]*){0,50}\|?$/;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {...(Node | string)} children
 */
function make(tag, ...children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

/**
 * The parts of a text that stand on their own, so that a growing answer need not be built anew.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function blocksOf(text) {
  /** @type {string[]} */
  const blocks = [];
  /** @type {string[]} */
  const lines = [];
  let fence = "";
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const mark = FENCE.exec(line)?.[1] ?? "";
    if (fence ? line.trim().startsWith(fence) && mark : mark) fence = fence ? "" : mark;
    if (line.trim() || fence) lines.push(line);
    else if (lines.length) blocks.push(lines.splice(0).join("\n"));
  }
  if (lines.length) blocks.push(lines.join("\n"));
  return blocks;
}

/**
 * A heading without the marks that may end it; a pattern would take its time squared.
 *
 * @param {string} text
 */
function closed(text) {
  let end = text.length;
  while (" \t#".includes(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

/**
 * @param {string} block one of `blocksOf`
 * @param {Context} context
 */
export function build(block, context) {
  const node = make("div");
  node.className = "block";
  node.dir = "auto";
  node.append(...blocks(block.split("\n"), context, 0));
  return node;
}

/**
 * @param {string[]} lines
 * @param {Context} context
 * @param {number} depth
 * @returns {Node[]}
 */
function blocks(lines, context, depth) {
  /** @type {Node[]} */
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    const [node, next] = blockAt(lines, at, context, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Context} context
 * @param {number} depth
 * @returns {[Node | null, number]} and where the next block begins
 */
function blockAt(lines, at, context, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = FENCE.exec(line)?.[1];
  if (fence) {
    const end = endOf(lines, at + 1, (one) => one.trim().startsWith(fence));
    return [codeBlock(lines.slice(at + 1, end).join("\n")), end + 1];
  }
  const heading = HEADING.exec(line);
  if (heading) {
    // One level for all: no answer can know which one would come next on this page.
    return [make("h3", ...inline(closed(heading[2]), context, depth)), at + 1];
  }
  if (RULE.test(line)) return [make("hr"), at + 1];
  if (depth < DEEPEST && /^ {0,3}>/.test(line)) {
    const end = endOf(lines, at, (one) => !/^ {0,3}>/.test(one));
    const quoted = lines.slice(at, end).map((one) => one.replace(/^ {0,3}> ?/, ""));
    return [make("blockquote", ...blocks(quoted, context, depth + 1)), end];
  }
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, context, depth);
  if (line.includes("|") && DELIMITER_ROW.test((lines[at + 1] ?? "").trim()))
    return table(lines, at, context);
  const end = endOf(lines, at + 1, (one) => startsBlock(one) || !one.trim());
  return [make("p", ...inline(lines.slice(at, end).join("\n"), context, depth)), end];
}

/** @param {string} line */
const startsBlock = (line) =>
  FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || /^ {0,3}>/.test(line);

/**
 * @param {string[]} lines
 * @param {number} from
 * @param {(line: string) => boolean} isEnd
 */
function endOf(lines, from, isEnd) {
  const found = lines.findIndex((line, at) => at >= from && isEnd(line));
  return found < 0 ? lines.length : found;
}

/** @param {string} code */
function codeBlock(code) {
  const block = make("pre", make("code", code));
  block.dir = "ltr";
  block.tabIndex = 0;
  return block;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Context} context
 * @param {number} depth
 * @returns {[Node, number]}
 */
function list(lines, at, context, depth) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[at]));
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const node = make(ordered ? "ol" : "ul");
  if (ordered) /** @type {HTMLOListElement} */ (node).start = Number.parseInt(first[2], 10);
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || item[1].length !== indent || /\d/.test(item[2]) !== ordered) break;
    const end = endOf(lines, at + 1, (one) => {
      const next = ITEM.exec(one);
      return next ? next[1].length <= indent : startsBlock(one) && !one.startsWith(" ");
    });
    const inner = [item[3], ...lines.slice(at + 1, end).map((one) => one.replace(/^ {1,4}/, ""))];
    node.append(make("li", ...loosened(blocks(inner, context, depth + 1))));
    at = end;
  }
  return [node, at];
}

/**
 * An item's text needs no paragraph of its own.
 *
 * @param {Node[]} nodes
 */
function loosened(nodes) {
  const [first, ...rest] = nodes;
  return first instanceof HTMLParagraphElement ? [...first.childNodes, ...rest] : nodes;
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Context} context
 * @returns {[Node, number]}
 */
function table(lines, at, context) {
  const end = endOf(lines, at + 2, (one) => !one.includes("|"));
  const row = (/** @type {string} */ line, /** @type {"th" | "td"} */ tag) =>
    make("tr", ...cells(line).map((cell) => make(tag, ...inline(cell, context, 1))));
  const node = make(
    "table",
    make("thead", row(lines[at], "th")),
    make("tbody", ...lines.slice(at + 2, end).map((line) => row(line, "td"))),
  );
  const scroller = make("div", node);
  scroller.className = "table";
  scroller.tabIndex = 0;
  return [scroller, end];
}

/** @param {string} line */
function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * @param {string} text
 * @param {Context} context
 * @param {number} depth
 * @returns {(Node | string)[]}
 */
function inline(text, context, depth) {
  if (depth > DEEPEST) return [text];
  /** @type {(Node | string)[]} */
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(done, match.index), span(match, context, depth + 1));
    done = match.index + match[0].length;
  }
  nodes.push(text.slice(done));
  return nodes;
}

/**
 * @param {RegExpExecArray | RegExpMatchArray} match of INLINE
 * @param {Context} context
 * @param {number} depth
 * @returns {Node | string}
 */
function span(match, context, depth) {
  const [all, escaped, , code, alt, source, label, target, cited, , strong, , emphasis, struck] =
    match;
  const [angled, bare, newLine] = match.slice(14);
  if (escaped) return escaped;
  if (code) return make("code", code.trim() || code);
  if (source) return image(alt, source, context);
  if (target) return link(target, inline(label, context, depth), label, context) ?? all;
  if (cited) return citation(Number(cited), context) ?? all;
  if (strong) return make("strong", ...inline(strong, context, depth));
  if (emphasis) return make("em", ...inline(emphasis, context, depth));
  if (struck) return make("del", struck);
  if (newLine) return make("br");
  const address = angled ?? bare;
  return link(address, [address], address, context) ?? all;
}

/** @param {string} address */
function safe(address) {
  try {
    const url = new URL(address);
    return SAFE_PROTOCOLS.includes(url.protocol) ? url : null;
  } catch {
    return null; // a relative one would lead nobody knows where
  }
}

/**
 * A link that shows where it leads: the host stands beside a text that does not name it.
 *
 * @param {string} address
 * @param {(Node | string)[]} children
 * @param {string} label
 * @param {Context} context
 * @returns {HTMLElement | null}
 */
export function link(address, children, label, { newTab }) {
  const url = safe(address);
  if (!url) return null;
  const node = make("a", ...children);
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow ugc";
  node.title = `${url.href} (${newTab})`;
  const named = safe(label) ?? safe(`https://${label}`);
  if (!url.host || named?.host === url.host) return node;
  const host = make("bdi", ` (${url.host})`);
  host.className = "host";
  return make("span", node, host);
}

/**
 * @param {string} alt
 * @param {string} source
 * @param {Context} context
 */
function image(alt, source, context) {
  const url = safe(source);
  if (url?.protocol !== "https:" || !context.imageHosts.includes(url.host)) {
    return link(source, [alt || source], alt, context) ?? alt;
  }
  const node = make("img");
  node.referrerPolicy = "no-referrer";
  node.loading = "lazy";
  node.alt = alt;
  node.src = url.href;
  return node;
}

/**
 * @param {number} number
 * @param {Context} context
 */
function citation(number, context) {
  const cited = context.citations.find((one) => one.number === number);
  if (!cited) return null;
  const url = safe(cited.anchorUrl ?? cited.url ?? "");
  const node = make(url ? "a" : "span", String(number));
  node.className = "cite";
  node.title = cited.sourceTitle;
  if (url) {
    node.setAttribute("aria-label", `${number}: ${cited.sourceTitle} (${context.newTab})`);
    Object.assign(node, { href: url.href, target: "_blank", rel: "noopener noreferrer" });
  }
  return make("sup", node);
}
