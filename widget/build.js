/**
 * Builds what clients' pages load: `npm run build` writes widget/dist/, which is committed.
 *
 * The same input gives the same bytes. Names carry a hash of the content, so that browsers may keep
 * the files for good; the loader is built last, since it knows the names of the others.
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = new URL(".", import.meta.url);
const source = new URL("src/", here);
const TARGET = "es2022";

/** Names that only our own files say to each other; the same short ones in all of them. */
const OURS =
  /^(LEAST_CONTRAST|h|t|alive|announcer|around|attend|avatar|begin|beside|block|branding|catchUp|choose|closer|colour|colours|configuration|configure|connect|connected|doubt|draw|drawAnswer|drawBelow|drawn|dress|drop|element|emit|ended|ensure|enter|fallback|follow|followed|forget|form|frame|gate|greet|grow|header|heading|hear|imageHosts|isDark|isGated|isMine|isTaken|keep|keepState|kept|known|launcher|leave|lent|link|list|looks|main|memory|merge|newKey|offer|older|onAccepted|onConnected|onEnd|onEvent|onLost|onProblem|onValue|past|pause|pauseAfter|pending|phrases|problem|post|prove|proven|question|questionOf|reading|recall|reconsider|region|reign|renew|request|reset|sayWhy|seldom|setBusy|shared|showHistory|showMain|showMenu|showUnread|shown|speech|spoken|starters|stopWanted|store|stream|sync|talk|textOn|titles|toEnd|tool|update|use|view|visit|watch|wear|welcome)$/;
/** @type {Record<string, string | false>} */
let shortNames = {};

/** Style sheets as texts for `adoptedStyleSheets`, without what only people need. */
const styleTexts = {
  name: "style texts",
  /** @param {import("esbuild").PluginBuild} building */
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
      });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/**
 * @param {string} entry
 * @param {import("esbuild").BuildOptions} options
 */
async function bundle(entry, options) {
  const { outputFiles, mangleCache } = await build({
    entryPoints: [fileURLToPath(new URL(entry, source))],
    bundle: true,
    minify: true,
    write: false,
    target: TARGET,
    charset: "utf8",
    legalComments: "none",
    plugins: [styleTexts],
    mangleProps: OURS,
    mangleCache: shortNames,
    ...options,
  });
  shortNames = mangleCache ?? {};
  // A second pass takes another fortieth off what esbuild leaves.
  const { code = "" } = await minify(outputFiles?.[0].text ?? "", {
    ecma: 2020,
    module: options.format === "esm",
    compress: { passes: 3, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
  });
  return code;
}

/** @returns {Promise<Record<string, string>>} JSON by language code, English apart */
async function languages() {
  const { default: english } = await import(new URL("languages/en.js", source).href);
  const { default: below } = await import(new URL("languages/en_later.js", source).href);
  const { default: beside } = await import(new URL("languages/en_side.js", source).href);
  const keys = [english, below, beside].flatMap(Object.keys);
  const names = (await readdir(new URL("languages/", source))).sort();
  /** @type {Record<string, string>} */
  const modules = {};
  for (const name of names.filter((one) => !one.startsWith("en"))) {
    const { default: phrases } = await import(new URL(`languages/${name}`, source).href);
    const inOrder = keys.map((key) => phrases[key]);
    modules[name.replace(".js", "")] = JSON.stringify(inOrder);
  }
  return modules;
}

/** @param {string | Buffer} content */
const integrityOf = (content) => `sha384-${createHash("sha384").update(content).digest("base64")}`;

/**
 * The loader reads the integrity of what it loads from the name, so the whole hash stands there.
 *
 * @param {string} prefix
 * @param {string} content
 */
const hashed = (prefix, content) =>
  `${prefix}-${createHash("sha256").update(content).digest("base64url")}.js`;

/**
 * @param {URL} [folder]
 * @returns {Promise<void>}
 */
export async function buildWidget(folder = new URL("dist/", here)) {
  shortNames = {};
  const { version } = JSON.parse(await readFile(new URL("../package.json", here), "utf8"));
  /** @type {Record<string, string>} */
  const files = {};
  const add = (/** @type {string} */ prefix, /** @type {string} */ content) => {
    const name = hashed(prefix, content);
    files[name] = content;
    return name;
  };
  const more = add("more", await bundle("more.js", { format: "esm" }));
  const define = { VERSION: JSON.stringify(version) };
  const later = add("later", await bundle("later.js", { format: "esm", define }));
  Object.assign(define, { LATER: JSON.stringify(later), MORE: JSON.stringify(more) });
  const panel = add("panel", await bundle("panel.js", { format: "esm", define }));
  const texts = await languages();
  // One hash for all of them: fifteen would be a tenth of the loader.
  const together = createHash("sha256").update(JSON.stringify(texts)).digest("base64url");
  const hash = together.slice(0, 12);
  /** @type {Record<string, string>} */
  const spoken = {};
  for (const [code, text] of Object.entries(texts)) {
    spoken[code] = `lang-${code}-${hash}.js`;
    files[spoken[code]] = text;
  }
  const loader = add(
    "loader",
    await bundle("loader.js", {
      format: "iife",
      define: { ...define, FILES: JSON.stringify({ panel, languages: hash }) },
    }),
  );
  const integrity = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, integrityOf(content)]),
  );
  const manifest = { version, loader, panel, later, more, languages: spoken, integrity };
  files["manifest.json"] = `${JSON.stringify(manifest, null, 2)}\n`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(new URL(name, folder), content);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWidget();
