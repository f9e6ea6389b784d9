/** Languages by their own names. */

import type { Language } from "../gql/graphql";

export function nameOf(code: Language): string {
  const tag = code.toLowerCase();
  return new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? code;
}
