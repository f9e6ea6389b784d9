/**
 * Says an answer sentence by sentence to people who hear the page: a live region that got every
 * word as it comes would never stop beginning anew.
 */

export class Announcer {
  #region;
  #segmenter;
  #said = 0;

  /**
   * @param {HTMLElement} region
   * @param {string} language
   */
  constructor(region, language) {
    this.#region = region;
    this.#segmenter = new Intl.Segmenter(language, { granularity: "sentence" });
  }

  begin() {
    this.#said = 0;
    this.#region.replaceChildren();
  }

  /**
   * @param {string} text of the answer so far
   * @param {boolean} whole nothing more will come
   */
  hear(text, whole) {
    const sentences = Array.from(this.#segmenter.segment(text), ({ segment }) => segment.trim());
    const complete = sentences.filter(Boolean);
    if (!whole) complete.pop(); // the last one may go on
    for (const sentence of complete.slice(this.#said)) this.say(sentence);
    this.#said = Math.max(this.#said, complete.length);
  }

  /** @param {string} text */
  say(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.#region.append(line);
  }
}
