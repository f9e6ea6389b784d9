import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import main from "../src/languages/en.js";
import below from "../src/languages/en_later.js";
import beside from "../src/languages/en_side.js";
import { chooseLanguage, directionOf, LANGUAGES } from "../src/locale.js";
import { speech } from "../src/speech.js";

/** No language may leave more of English than this. */
const MOST_ENGLISH = 0.05;

/** @type {Record<string, string | Record<string, string>>} */
const english = { ...main, ...below, ...beside };
const folder = new URL("../src/languages/", import.meta.url);
const files = (await readdir(folder)).filter((name) => !name.startsWith("en"));
const codes = files.map((name) => name.replace(".js", ""));

test("there are sixteen", () => {
  assert.deepEqual([...codes, "en"].sort(), [...LANGUAGES].sort());
  assert.equal(codes.length, 15);
});

for (const code of codes) {
  /** @type {{default: typeof english}} */
  const { default: phrases } = await import(new URL(`${code}.js`, folder).href);

  test(`${code} says everything that English says`, () => {
    assert.deepEqual(Object.keys(phrases).sort(), Object.keys(english).sort());
    for (const [key, phrase] of Object.entries(phrases)) {
      const forms = typeof phrase === "string" ? [phrase] : Object.values(phrase);
      for (const form of forms) assert.ok(form.trim(), key);
    }
  });

  test(`${code} has a form for each of its plural categories`, () => {
    const { pluralCategories } = new Intl.PluralRules(code).resolvedOptions();
    for (const [key, phrase] of Object.entries(english)) {
      assert.equal(typeof phrases[key], typeof phrase, key);
      if (typeof phrase === "string") continue;
      assert.deepEqual(Object.keys(phrases[key]).sort(), [...pluralCategories].sort(), key);
    }
  });

  test(`${code} keeps the place of a value`, () => {
    for (const [key, phrase] of Object.entries(english)) {
      if (typeof phrase === "string") {
        assert.equal(String(phrases[key]).includes("{n}"), phrase.includes("{n}"), key);
      }
    }
  });

  test(`${code} leaves little in English`, () => {
    const same = Object.keys(english).filter(
      (key) => JSON.stringify(phrases[key]) === JSON.stringify(english[key]),
    );
    assert.ok(same.length / Object.keys(english).length <= MOST_ENGLISH, same.join(", "));
  });
}

test("a number chooses the form, and is written as the language writes it", async () => {
  const { default: polish } = await import("../src/languages/pl.js");
  const t = speech(
    "pl",
    below,
    /** @type {any} */ (Object.keys(below).map((key) => polish[/** @type {"sources"} */ (key)])),
  );
  assert.deepEqual(
    [1, 2, 5, 22].map((count) => t("sources", count)),
    ["1 źródło", "2 źródła", "5 źródeł", "22 źródła"],
  );
  assert.equal(speech("de", main)("tooLong", 1234), "1.234 characters too many");
});

test("the first wish that is one of the sixteen is taken", () => {
  assert.equal(chooseLanguage([undefined, "", "de-AT", "fr"]), "de");
  assert.equal(chooseLanguage(["sv", "zh-Hant-TW"]), "zh");
  assert.equal(chooseLanguage(["sv", "constructor", null]), "en");
});

test("Arabic runs from right to left", () => {
  assert.equal(directionOf("ar"), "rtl");
  assert.equal(directionOf("hi"), "ltr");
});
