/** The colours of a widget as custom properties, each text readable on what it stands on. */

/** @typedef {import("./contrast.js").Rgb} Rgb */
/** @typedef {typeof import("./contrast.js")} Contrast */

/** @type {Rgb} */
const LIGHT = [255, 255, 255];
/** @type {Rgb} */
const DARK = [23, 25, 31];
/** So light is the mutest text: 4.5 : 1 with room to spare on either surface. */
const MUTED_SHARE = 0.36;

/**
 * @param {Rgb} one
 * @param {Rgb} other
 * @param {number} share of the other, 0 to 1
 * @returns {Rgb}
 */
export function mix(one, other, share) {
  return /** @type {Rgb} */ (one.map((v, i) => Math.round(v + (other[i] - v) * share)));
}

/**
 * @param {Rgb} primary
 * @param {Rgb | null} secondary
 * @param {boolean} dark
 * @param {Pick<Contrast, "contrast" | "css" | "textOn" | "LEAST_CONTRAST">} reading
 * @returns {Record<string, string>}
 */
export function palette(primary, secondary, dark, { contrast, css, textOn, LEAST_CONTRAST }) {
  /**
   * The colour itself, or as much lighter or darker as it takes to be read on the background.
   *
   * @param {Rgb} colour
   * @param {Rgb} background
   */
  const readableOn = (colour, background) => {
    let found = colour;
    for (let share = 0.1; contrast(found, background) < LEAST_CONTRAST; share += 0.1) {
      found = mix(colour, textOn(background), Math.min(share, 1));
    }
    return found;
  };
  const surface = dark ? DARK : LIGHT;
  const text = textOn(surface);
  const ink = mix(text, surface, 0.1);
  const bubble = dark
    ? mix(surface, mix(primary, text, 0.6), 0.14)
    : (secondary ?? mix(surface, primary, 0.06));
  return {
    accent: css(readableOn(primary, surface)),
    surface: css(surface),
    text: css(ink),
    muted: css(readableOn(mix(ink, surface, MUTED_SHARE), surface)),
    line: css(mix(surface, text, dark ? 0.16 : 0.11)),
    bubble: css(bubble),
    "on-bubble": css(readableOn(mix(textOn(bubble), bubble, 0.1), bubble)),
    linked: css(readableOn(primary, bubble)),
    danger: css(readableOn([200, 30, 40], surface)),
  };
}
