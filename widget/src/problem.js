/**
 * Why a request or a stream failed, in the three ways that ask for different things:
 * `lost` may be tried again, `denied` needs another token, `refused` is an answer.
 */
export class Problem extends Error {
  /**
   * @param {"lost" | "denied" | "refused"} kind
   * @param {string} [message] for the visitor when refused
   * @param {string} [code]
   */
  constructor(kind, message = "", code = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

const DENIALS = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_REVOKED", "FORBIDDEN"];
const TEMPORARY = ["UNAVAILABLE", "SHUTTING_DOWN"];

/**
 * What is wrong with a whole request is for those who build the page, and not for the visitor.
 *
 * @param {{message?: string, extensions?: {code?: string}}[] | undefined} errors of a response
 */
export function problemOf(errors) {
  const code = errors?.[0]?.extensions?.code ?? "";
  const kind = DENIALS.includes(code) ? "denied" : TEMPORARY.includes(code) ? "lost" : "refused";
  if (kind === "refused") console.error("Parlance:", errors?.[0]?.message);
  return new Problem(kind, "", code);
}
