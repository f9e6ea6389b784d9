/** The widget's own words, in the visitor's language. */

/** @typedef {string | Record<string, string>} Phrase with plural forms by CLDR category */
/** @typedef {ReturnType<typeof speech<typeof import("./languages/en.js").default>>} Speech */

/**
 * @template {Record<string, Phrase>} English
 * @param {string} language
 * @param {English} english gives the keys and their order
 * @param {Phrase[]} [phrases] in that order; English when left out
 */
export function speech(language, english, phrases = Object.values(english)) {
  const keys = Object.keys(english);
  const rules = new Intl.PluralRules(language);
  /**
   * @param {keyof English & string} key
   * @param {number | string} [value] goes where {n} stands; a number chooses the form
   */
  return (key, value = "") => {
    const phrase = phrases[keys.indexOf(key)];
    const text =
      typeof phrase === "string" ? phrase : (phrase[rules.select(Number(value))] ?? phrase.other);
    return text.replace("{n}", value.toLocaleString(language));
  };
}
