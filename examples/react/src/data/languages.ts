/** The languages that chatbots speak, by their own names. */

import type { Language } from "../gql/graphql";

const CODES: Language[] = [
  "EN",
  "FR",
  "ES",
  "DE",
  "IT",
  "PT",
  "NL",
  "PL",
  "JA",
  "ZH",
  "AR",
  "HI",
  "ID",
  "TH",
  "TR",
  "VI",
];

export const LANGUAGES = CODES.map((code) => ({ code, name: nameOf(code) }));

export function nameOf(code: Language): string {
  const tag = code.toLowerCase();
  return new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? code;
}
