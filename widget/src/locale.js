/** The sixteen languages, and which of them a visitor gets. */

/** Codes of ISO 639-1; what each says stands in `languages/`. */
export const LANGUAGES = "en fr es de it pt nl pl ja zh ar hi id th tr vi".split(" ");

/**
 * The first wish that is one of the sixteen; English if none is.
 *
 * @param {(string | null | undefined)[]} wishes BCP 47 tags, the strongest first
 */
export function chooseLanguage(wishes) {
  for (const wish of wishes) {
    const code = wish?.toLowerCase().split(/[-_]/)[0];
    if (code && LANGUAGES.includes(code)) return code;
  }
  return "en";
}

/** @param {string} language */
export function directionOf(language) {
  return language === "ar" ? "rtl" : "ltr";
}

/**
 * How dates and times are written: as the visitor's browser writes that language, `en-GB` not as `en-US`.
 *
 * @param {string} language one of the sixteen
 */
export const localesOf = (language) => [
  ...navigator.languages.filter((tag) => tag.startsWith(language)),
  language,
];
