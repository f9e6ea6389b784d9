import assert from "node:assert/strict";
import { test } from "node:test";
import * as contrast from "../src/contrast.js";
import { palette } from "../src/palette.js";

const { LEAST_CONTRAST } = contrast;

/** @param {string} text rgb(r g b) */
const rgb = (text) =>
  /** @type {contrast.Rgb} */ (
    text
      .replace(/[^\d ]/g, "")
      .split(" ")
      .map(Number)
  );

/** Colours all over the cube, and the greys, where text flips. */
function* colours() {
  for (let r = 0; r <= 255; r += 51) {
    for (let g = 0; g <= 255; g += 51) for (let b = 0; b <= 255; b += 51) yield [r, g, b];
  }
  for (let grey = 0; grey <= 255; grey += 3) yield [grey, grey, grey];
}

for (const dark of [false, true]) {
  test(`every text can be read, whatever the colours, ${dark ? "dark" : "light"}`, () => {
    for (const colour of colours()) {
      const chosen = /** @type {contrast.Rgb} */ (colour);
      const found = palette(chosen, chosen, dark, contrast);
      /** @type {[string, string][]} */
      const pairs = [
        ["text", "surface"],
        ["muted", "surface"],
        ["accent", "surface"],
        ["danger", "surface"],
        ["on-bubble", "bubble"],
        ["linked", "bubble"],
      ];
      for (const [text, ground] of pairs) {
        const ratio = contrast.contrast(rgb(found[text]), rgb(found[ground]));
        assert.ok(ratio >= LEAST_CONTRAST, `${text} on ${ground} with ${chosen}: ${ratio}`);
      }
      assert.ok(contrast.contrast(contrast.textOn(chosen), chosen) >= LEAST_CONTRAST);
    }
  });
}

test("colours are read in both notations, and nothing else is", () => {
  assert.deepEqual(contrast.parse("#1f4"), [17, 255, 68]);
  assert.deepEqual(contrast.parse(" #1F4FD8 "), [31, 79, 216]);
  for (const text of ["red", "#12", "#1234567", "", null, "url(x)"]) {
    assert.equal(contrast.parse(text), null);
  }
});

test("contrast is what WCAG says", () => {
  assert.equal(contrast.contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast.contrast([119, 119, 119], [255, 255, 255]).toFixed(2), "4.48");
});
