import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";

const window = new Window({ url: "https://shop.example/" });
Object.assign(globalThis, {
  document: window.document,
  HTMLParagraphElement: window.HTMLParagraphElement,
});
const { blocksOf, build } = await import("../src/markdown.js");

const CITATION = {
  number: 1,
  sourceTitle: "Handbook",
  url: "https://docs.example/a",
  anchorUrl: "https://docs.example/a#:~:text=at%20nine",
  quote: "at nine",
};

/** @param {string} text */
function nodeOf(text) {
  const context = {
    citations: [CITATION],
    imageHosts: ["img.example"],
    newTab: "opens in a new tab",
  };
  const root = window.document.createElement("div");
  for (const block of blocksOf(text)) root.append(/** @type {any} */ (build(block, context)));
  return root;
}

/** @param {string} text */
const html = (text) =>
  nodeOf(text).innerHTML.replaceAll('<div class="block" dir="auto">', "").replaceAll("</div>", "");

/** @type {[string, string][]} */
const SHAPES = [
  ["plain", "<p>plain</p>"],
  ["one\ntwo", "<p>one<br>two</p>"],
  ["# Title", "<h3>Title</h3>"],
  ["###### Deep ##", "<h3>Deep</h3>"],
  [
    "**bold** and *slanted* and ~~gone~~",
    "<p><strong>bold</strong> and <em>slanted</em> and <del>gone</del></p>",
  ],
  ["***both***", "<p><strong><em>both</em></strong></p>"],
  ["snake_case_name and 2*3*4", "<p>snake_case_name and 2*3*4</p>"],
  ["`a < b` and ``x`y``", "<p><code>a &lt; b</code> and <code>x`y</code></p>"],
  ["\\*not\\*", "<p>*not*</p>"],
  ["- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"],
  ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
  ["> said\n> so", "<blockquote><p>said<br>so</p></blockquote>"],
  ["---", "<hr>"],
  [
    "```js\nlet a = 1;\n\n<b>\n```",
    '<pre dir="ltr" tabindex="0"><code>let a = 1;\n\n&lt;b&gt;</code></pre>',
  ],
  [
    "| a | b |\n|---|:-:|\n| 1 | 2 |",
    '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
  ],
];

for (const [text, expected] of SHAPES) {
  test(`Markdown: ${JSON.stringify(text)}`, () => assert.equal(html(text), expected));
}

test("what is being written is shown as far as it goes", () => {
  const whole =
    "# Hours\n\n**We open** at [nine](https://a.example).\n\n```\ncode\n```\n\n| a |\n|---|\n| 1 |";
  for (let length = 0; length <= whole.length; length += 1) nodeOf(whole.slice(0, length));
  assert.match(html("**We op"), /\*\*We op/);
});

test("a link opens elsewhere and shows where it leads", () => {
  const link = nodeOf("[your bank](https://evil.example/login)").querySelector("a");
  assert.equal(link?.getAttribute("href"), "https://evil.example/login");
  assert.equal(link?.getAttribute("target"), "_blank");
  assert.equal(link?.getAttribute("rel"), "noopener noreferrer nofollow ugc");
  assert.match(nodeOf("[your bank](https://evil.example/login)").textContent, /\(evil\.example\)/);
});

test("an address may have brackets and a title", () => {
  const text = 'See [the word](https://a.example/Word_(kind) "The title") there.';
  assert.equal(nodeOf(text).querySelector("a")?.href, "https://a.example/Word_(kind)");
});

test("an address in the text is a link without its full stop", () => {
  assert.equal(
    nodeOf("See https://a.example/b?c=d.").querySelector("a")?.href,
    "https://a.example/b?c=d",
  );
});

test("a citation leads to the words", () => {
  const cite = nodeOf("At nine [1], not at ten [7].").querySelectorAll("a");
  assert.deepEqual(
    Array.from(cite, (one) =>
      ["href", "aria-label"].map((name) => one.getAttribute(name)).concat(one.textContent),
    ),
    [[CITATION.anchorUrl, "1: Handbook (opens in a new tab)", "1"]],
  );
  assert.match(nodeOf("not at ten [7].").textContent, /\[7\]/);
});

test("pictures come from the hosts that the chatbot allows and from nowhere else", () => {
  const allowed = nodeOf("![A cat](https://img.example/cat.png)").querySelector("img");
  assert.equal(allowed?.getAttribute("src"), "https://img.example/cat.png");
  assert.equal(allowed?.getAttribute("referrerpolicy"), "no-referrer");
  for (const source of [
    "https://evil.example/x.png?secret",
    "http://img.example/a.png",
    "data:image/png;base64,AA",
    "//img.example/a",
  ]) {
    assert.equal(nodeOf(`![A cat](${source})`).querySelector("img"), null, source);
  }
});

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<a href='javascript:alert(1)'>x</a>",
  "<style>*{display:none}</style>",
  "<iframe src=//evil.example></iframe>",
  "<form action=https://evil.example><input name=password></form>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](  javascript:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox(1))",
  "[x](file:///etc/passwd)",
  "[x](blob:https://a/b)",
  "![x](javascript:alert(1))",
  '![x](https://img.example/a.png" onerror="alert(1))',
  '[x](https://a.example/" onmouseover="alert(1))',
  "<javascript:alert(1)>",
  '<https://a.example/"onclick=alert(1)>',
  "[<img src=x onerror=alert(1)>](https://a.example)",
  "`<script>alert(1)</script>`",
  "```\n</code></pre><script>alert(1)</script>\n```",
  "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
  "# <script>alert(1)</script>",
  "> <script>alert(1)</script>",
  "- <script>alert(1)</script>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "[a]: javascript:alert(1)\n[a]",
  "\u202e[evil](https://evil.example)\u202c",
  "<!--><script>alert(1)</script>-->",
  '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
  "[x](https://user:password@evil.example)",
  "\u0000<script>\u0000alert(1)</script>",
];
const MADE = new Set(
  "A B BDI BLOCKQUOTE BR CODE DEL DIV EM H3 H4 H5 H6 HR IMG LI OL P PRE SPAN STRONG SUP TABLE TBODY TD TH THEAD TR UL".split(
    " ",
  ),
);

for (const text of HOSTILE) {
  test(`hostile: ${JSON.stringify(text)}`, () => {
    for (const element of nodeOf(text).querySelectorAll("*")) {
      assert.ok(MADE.has(element.tagName), element.tagName);
      for (const { name, value } of element.attributes) {
        assert.ok(!name.startsWith("on") && name !== "style" && name !== "srcdoc", name);
        if (name === "href" || name === "src") assert.match(value ?? "", /^(https?:|mailto:|tel:)/);
      }
    }
  });
}

// A pattern that explodes would not come to an end within anybody's patience.
test("an answer made to keep the page busy is built to its end", { timeout: 120_000 }, () => {
  const pieces = "**a |`|[a](|![|*a|_a |~~a|<https://|> |- |[[|\\|``` |](|https://a(".split("|");
  for (const piece of pieces) {
    const text = piece.repeat(20_000 / piece.length);
    assert.ok(nodeOf(text).childElementCount > 0);
  }
});

test("lines of blanks that end otherwise cost no more than their length", {
  timeout: 60_000,
}, () => {
  const blanks = " ".repeat(500_000);
  for (const text of [`# a${blanks}x`, `a | b\n${blanks}x`])
    assert.ok(nodeOf(text).childElementCount > 0);
});

test("a link says where it leads unless its text is that host", () => {
  const shown = (/** @type {string} */ text) => nodeOf(text).querySelector(".host")?.textContent;
  assert.equal(shown("[shop.example](https://shop.example/a)"), undefined);
  assert.equal(shown("[https://shop.example](https://shop.example/a)"), undefined);
  assert.equal(
    shown("[https://bank.example/?evil.example](https://evil.example)"),
    " (evil.example)",
  );
  assert.equal(shown("[bank.example/evil.example](https://evil.example)"), " (evil.example)");
});
