/** The sixteen languages, and which of them a visitor gets. */

/** What the launcher is called before anything else is loaded. */
export const OPEN_CHAT = {
  en: "Open chat",
  fr: "Ouvrir le chat",
  es: "Abrir el chat",
  de: "Chat öffnen",
  it: "Apri la chat",
  pt: "Abrir o chat",
  nl: "Chat openen",
  pl: "Otwórz czat",
  ja: "チャットを開く",
  zh: "打开聊天",
  ar: "فتح المحادثة",
  hi: "चैट खोलें",
  id: "Buka obrolan",
  th: "เปิดแชต",
  tr: "Sohbeti aç",
  vi: "Mở trò chuyện",
};

/** @typedef {keyof typeof OPEN_CHAT} Language */

/**
 * The first wish that is one of the sixteen; English if none is.
 *
 * @param {(string | null | undefined)[]} wishes BCP 47 tags, the strongest first
 * @returns {Language}
 */
export function chooseLanguage(wishes) {
  for (const wish of wishes) {
    const code = wish?.toLowerCase().split(/[-_]/)[0];
    if (code && Object.hasOwn(OPEN_CHAT, code)) return /** @type {Language} */ (code);
  }
  return "en";
}

/** @param {string} language */
export function directionOf(language) {
  return language === "ar" ? "rtl" : "ltr";
}
