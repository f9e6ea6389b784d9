/** Files travel apart from GraphQL: POST /uploads takes them, and gives an id that is good for a day. */

import { token } from "./session";

/**
 * The id of an uploaded file of knowledge.
 *
 * @throws Error with a sentence for the person, when the file is refused.
 */
export async function uploaded(file: File, clientId: string): Promise<string> {
  const body = new FormData();
  body.set("kind", "KNOWLEDGE");
  body.set("clientId", clientId);
  body.set("file", file);
  const headers = { authorization: `Bearer ${await token()}` };
  const response = await fetch("/uploads", { method: "POST", headers, body });
  const told = await response.json();
  if (!response.ok) throw new Error(told.errors[0].message);
  return told.uploadId;
}
