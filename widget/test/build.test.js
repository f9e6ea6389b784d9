import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { buildWidget } from "../build.js";
import * as reading from "../src/contrast.js";
import { palette } from "../src/palette.js";

/** In bytes of gzip. A page that only shows the launcher loads the first. */
const LOADER_LIMIT = 5 * 1024;
/** Everything that it takes to ask in English and to read the answer. */
const CHAT_LIMIT = 15 * 1024;
/** All that an ordinary first chat transfers: with Markdown, sources, tools and news of other tabs. */
const ANSWERED_LIMIT = 20 * 1024;
const LANGUAGE_LIMIT = 1.5 * 1024;

const dist = new URL("../dist/", import.meta.url);
const temporary = await mkdtemp(join(tmpdir(), "widget-"));
after(() => rm(temporary, { recursive: true }));

/** @param {URL} folder */
async function filesOf(folder) {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, folder), "utf8")]),
    ),
  );
}

const files = await filesOf(dist);
const manifest = JSON.parse(files["manifest.json"]);
/** @param {string} name */
const size = (name) => gzipSync(files[name], { level: 9 }).length;

test("what is committed is what the sources build, byte for byte, every time", async () => {
  for (const folder of ["one", "two"]) {
    const built = pathToFileURL(join(temporary, folder, "/"));
    await buildWidget(built);
    assert.deepEqual(Object.keys(await filesOf(built)), Object.keys(files), "npm run build");
    assert.deepEqual(await filesOf(built), files, "npm run build");
  }
});

test("a page that shows the launcher loads little", () => {
  assert.ok(size(manifest.loader) <= LOADER_LIMIT, `${size(manifest.loader)} bytes`);
});

test("a chat in English stays within its budget", () => {
  const all = size(manifest.loader) + size(manifest.panel);
  assert.ok(all <= CHAT_LIMIT, `${all} bytes`);
  const answered = all + size(manifest.later);
  assert.ok(answered <= ANSWERED_LIMIT, `${answered} bytes`);
});

for (const [code, name] of Object.entries(manifest.languages)) {
  test(`${code} is small`, () => {
    assert.ok(size(name) <= LANGUAGE_LIMIT, `${size(name)} bytes`);
  });
}

test("the manifest names each file with its integrity", () => {
  for (const [name, content] of Object.entries(files)) {
    if (name === "manifest.json") continue;
    const hash = createHash("sha384").update(content).digest("base64");
    assert.equal(manifest.integrity[name], `sha384-${hash}`);
  }
  assert.equal(Object.keys(manifest.languages).length, 15);
});

test("what runs is named by its content, so that it can be checked before it runs", () => {
  for (const name of [manifest.loader, manifest.panel, manifest.later, manifest.more]) {
    const hash = createHash("sha256").update(files[name]).digest("base64url");
    assert.ok(name.endsWith(`-${hash}.js`), name);
  }
});

test("texts are data: nothing of them can run", () => {
  for (const name of Object.values(manifest.languages)) JSON.parse(files[name]);
});

test("no text becomes markup or code", () => {
  for (const [name, content] of Object.entries(files)) {
    const sinks = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/;
    assert.doesNotMatch(content, sinks, name);
  }
});

test("no name that is shortened is also the key of a text or colour or a name that a file gives away", async () => {
  const source = await readFile(new URL("../build.js", import.meta.url), "utf8");
  const ours = new RegExp(/\/(\^\(.*\)\$)\/;/.exec(source)?.[1] ?? "");
  for (const language of ["en", "en_later", "en_side"]) {
    const { default: phrases } = await import(`../src/languages/${language}.js`);
    for (const key of Object.keys(phrases)) assert.doesNotMatch(key, ours);
  }
  const colours = palette([1, 2, 3], null, false, reading);
  for (const name of Object.keys(colours)) assert.doesNotMatch(name, ours);
  const more = await readFile(new URL("../src/more.js", import.meta.url), "utf8");
  for (const [, names] of more.matchAll(/export \{(.*?)\}/g))
    for (const name of names.split(",")) assert.doesNotMatch(name.trim(), ours);
});
