// Signs a visitor in: call it in your backend, for the person who is signed in to your site.
import { createHmac } from "node:crypto";

const LIFETIME_SECONDS = 600;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function identityToken(userId, userEmail) {
  const header = { alg: "HS256", typ: "JWT" };
  const claims = {
    client_id: process.env.CHAT_CLIENT,
    user_id: String(userId),
    user_email: userEmail,
    exp: Math.floor(Date.now() / 1000) + LIFETIME_SECONDS,
  };
  const signed = `${encoded(header)}.${encoded(claims)}`;
  const key = process.env.CHAT_SIGNING_SECRET;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}
