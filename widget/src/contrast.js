/**
 * Which text can be read on which colour.
 *
 * Contrast is WCAG 2.2's (1.4.3): a chatbot's colours are anybody's choice, so text flips or moves
 * until it stands at 4.5 : 1, the least that level AA asks for.
 */

/** @type {number} */
export const LEAST_CONTRAST = 4.5;

/** @typedef {[number, number, number]} Rgb each 0 to 255 */

/**
 * @param {unknown} colour "#rgb" or "#rrggbb"
 * @returns {Rgb | null} null for anything else
 */
export function parse(colour) {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(String(colour).trim())?.[1];
  if (!hex) return null;
  const long = hex.length < 6 ? hex.replace(/./g, "$&$&") : hex;
  return /** @type {Rgb} */ ([0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16)));
}

/** @param {Rgb} rgb */
function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/**
 * @param {Rgb} one
 * @param {Rgb} other
 */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @type {Rgb} */
const WHITE = [255, 255, 255];
/** @type {Rgb} */
const BLACK = [0, 0, 0];

/**
 * White where it can be read, else black: one of the two always can.
 *
 * @param {Rgb} background
 */
export function textOn(background) {
  return contrast(WHITE, background) >= LEAST_CONTRAST ? WHITE : BLACK;
}

/** @param {Rgb} rgb */
export const css = (rgb) => `rgb(${rgb.join(" ")})`;
