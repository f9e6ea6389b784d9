/**
 * What a widget looks like and does: a page's own settings win over what the dashboard published,
 * which wins over the defaults.
 */

import { chooseLanguage } from "./locale.js";

/**
 * What a page may say, as `data-*` of the script, attributes of the element, or to `init`.
 *
 * @typedef {object} Settings
 * @property {string} chatbot the public embed key
 * @property {string} apiUrl where Parlance is; the script's origin when left out
 * @property {"launcher" | "inline" | "page"} display
 * @property {"light" | "dark" | "auto"} theme
 * @property {"bottom-right" | "bottom-left" | "top-right" | "top-left"} position
 * @property {string} primaryColor "#rrggbb"
 * @property {string} secondaryColor "#rrggbb"
 * @property {string} bubbleIcon the address of the launcher's picture
 * @property {string} language BCP 47
 * @property {string} locale the same as `language`
 * @property {boolean | string} autoOpen
 * @property {number | string} autoOpenDelay in milliseconds
 * @property {string} greeting the first bubble
 * @property {number | string} zIndex
 * @property {string} userId whom `getToken` speaks for; changing it changes the visitor
 * @property {string} userEmail
 * @property {() => string | null | Promise<string | null>} getToken fetches the signed identity
 * @property {string} token a widget token that the page's server made for this visitor
 * @property {string} previewToken of `createPreviewToken`: the draft is shown
 * @property {string} embedNonce given by the embed page
 */

/**
 * What the server says before a visit.
 *
 * @typedef {object} Configuration
 * @property {string} name
 * @property {string} primaryColor
 * @property {string} secondaryColor
 * @property {string} colorScheme
 * @property {string} position
 * @property {boolean} showBranding
 * @property {boolean} autoOpen
 * @property {number} autoOpenDelayMs
 * @property {string | null} logoUrl
 * @property {string | null} bubbleIconUrl
 * @property {boolean} active
 * @property {string | null} maintenanceText
 * @property {number} version
 * @property {string | null} contactEmail
 * @property {string | null} contactUrl
 * @property {string[]} allowedImageHosts
 * @property {{language: string, welcomeMessage: string | null, starterQuestions: string[],
 *   placeholder: string | null, consentText: string | null, contactText: string | null}} texts
 * @property {{open: string, unloaded: string}} words what the launcher says
 */

/** @param {string} value an enum's value, such as BOTTOM_LEFT */
const word = (value) => value.toLowerCase().replace("_", "-");

/** @param {unknown} value of a `data-*` attribute or of `init` */
const isOn = (value) => value === "" || String(value) === "true";

/** @param {Partial<Settings>} page */
export function languageOf(page) {
  return chooseLanguage([
    page.language,
    page.locale,
    document.documentElement.lang,
    ...navigator.languages,
  ]);
}

/** @typedef {ReturnType<typeof looksOf>} Looks */

/**
 * @param {Partial<Settings>} page
 * @param {Configuration} published
 */
export function looksOf(page, published) {
  return {
    theme: page.theme ?? word(published.colorScheme),
    position: page.position ?? word(published.position),
    primary: page.primaryColor ?? published.primaryColor,
    secondary: page.secondaryColor ?? published.secondaryColor,
    bubbleIcon: page.bubbleIcon ?? published.bubbleIconUrl,
    greeting: page.greeting ?? published.texts.welcomeMessage,
    autoOpen: page.autoOpen === undefined ? published.autoOpen : isOn(page.autoOpen),
    autoOpenDelay: Number(page.autoOpenDelay ?? published.autoOpenDelayMs) || 0,
    zIndex: Number(page.zIndex ?? 2147483000) || 0,
  };
}
