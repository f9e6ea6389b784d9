// Two tabs of a browser whose access token has ended, each with several requests at once.

import { apollo } from "../built/apollo.js";
import { ClientsDocument } from "../built/gql/graphql.js";
import { renew, token } from "../built/session.js";
import { given, requests, tell } from "./page.mjs";

// The same module a second time: nothing in common but what tabs have, storage and locks.
const otherTab = await import("../built/session.js?tab=2");

localStorage.setItem("parlance.session", JSON.stringify(given.session));
const query = () => apollo.query({ query: ClientsDocument, fetchPolicy: "no-cache" });
const asked = await Promise.all([
  query(),
  query(),
  query(),
  otherTab.renew(given.session.accessToken),
]);
tell(
  "answers",
  asked.slice(0, 3).map(({ data }) => data.clients.edges.length > 0),
);
tell("renewals", renewals());

const session = JSON.parse(localStorage.getItem("parlance.session"));
const expiresAt = new Date(Date.now() + 1000).toISOString();
const soon = { ...session, accessToken: "about to end", expiresAt };
localStorage.setItem("parlance.session", JSON.stringify(soon));
const tokens = await Promise.all([token(), token(), otherTab.token()]);
tell("same token", new Set(tokens).size === 1 && tokens[0] !== soon.accessToken);
tell("renewals before the end", renewals() - 1);

const lost = { ...session, refreshToken: "unknown" };
localStorage.setItem("parlance.session", JSON.stringify(lost));
tell("renewed without a session", await renew(session.accessToken));
tell("token afterwards", await token());
tell("end");

function renewals() {
  return requests.filter((body) => body.includes("refreshSession")).length;
}
