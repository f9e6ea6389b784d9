/** A preview: the widget looks and speaks as the chatbot's draft says, not as what was published. */

import { mutation } from "./documents.js";

/** A request that takes longer counts as lost, in milliseconds. */
const DEADLINE_MS = 15_000;

const TEXTS = "language welcomeMessage starterQuestions placeholder consentText contactText";
const DRAFT = mutation(
  "startVisit",
  `chatbot{name primaryColor secondaryColor colorScheme position showBranding autoOpen autoOpenDelayMs texts{${TEXTS}}contactEmail contactUrl allowedImageHosts active maintenanceText version logoUrl bubbleIconUrl}`,
);

/**
 * When the preview has ended, the chat says so in the place of what was published.
 *
 * @param {import("./element.js").ParlanceChat} element
 */
export async function showDraft(element) {
  const { chatbot: embedKey, previewToken } = element.settings;
  const variables = { i: { embedKey, previewToken, language: element.language } };
  const response = await fetch(`${element.shared.apiUrl}/graphql`, {
    method: "POST",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: DRAFT, variables }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const { chatbot, message } = (await response.json()).data.startVisit;
  // A preview answers also while the chatbot is switched off.
  const news = chatbot ? { ...chatbot, active: true } : { active: false, maintenanceText: message };
  Object.assign(/** @type {object} */ (element.configuration), news);
}
