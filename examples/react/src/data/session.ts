/**
 * Who is signed in, in every tab of this browser.
 *
 * A refresh token is good for one use, and showing a spent one ends the session: the lock makes all
 * tabs take turns, and whoever comes second finds the new token and sends nothing.
 */

import { useSyncExternalStore } from "react";

const ENDPOINT = "/graphql";
const NAME = "parlance.dashboard.session";
/** A token that ends sooner is exchanged before it is used, in milliseconds. */
const SPARE_MS = 30_000;

interface Session {
  accessToken: string;
  refreshToken: string;
  expiresAt: string;
}
interface Refusal {
  code: string;
  message: string;
}
type Outcome = Session | Refusal;

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  result: signIn(input: $input) {
    ... on SignInSuccess { accessToken refreshToken expiresAt }
    ... on UserError { code message }
  }
}`;
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) {
  result: refreshSession(input: $input) {
    ... on RefreshSessionSuccess { accessToken refreshToken expiresAt }
    ... on UserError { code message }
  }
}`;
const SIGN_OUT = `mutation SignOut { result: signOut(input: {}) { __typename } }`;

const listeners = new Set<() => void>();

/** Whether somebody is signed in; changes with every tab. */
export function useSignedIn(): boolean {
  return useSyncExternalStore(heard, () => localStorage.getItem(NAME) !== null);
}

/** Signs in; what to tell the person when that is refused, else null. */
export async function signIn(email: string, password: string): Promise<string | null> {
  return kept(await sent<Outcome>(SIGN_IN, { input: { email, password } }));
}

/** Signs out, here and on the server. A server out of reach lets the session end by itself. */
export async function signOut(): Promise<void> {
  const accessToken = await token().catch(() => null);
  forget();
  if (accessToken) await sent(SIGN_OUT, {}, accessToken).catch(() => {});
}

/** Takes the session away, for nobody knows it any more. */
export function forget(): void {
  localStorage.removeItem(NAME);
  tell();
}

/** A token that is good for a while yet, or null for nobody. */
export async function token(): Promise<string | null> {
  const session = stored();
  if (session && Date.parse(session.expiresAt) - Date.now() < SPARE_MS) {
    await renew(session.accessToken);
  }
  return stored()?.accessToken ?? null;
}

/** Exchanges a token that has ended. False when the person has to sign in again. */
export function renew(spent: string | null): Promise<boolean> {
  return navigator.locks.request(NAME, async () => {
    const session = stored();
    if (!session) return false;
    if (session.accessToken !== spent) return true; // another request, or another tab, was first
    const given = { input: { refreshToken: session.refreshToken } };
    return kept(await sent<Outcome>(REFRESH, given)) === null;
  });
}

function stored(): Session | null {
  return JSON.parse(localStorage.getItem(NAME) ?? "null");
}

function kept(result: Outcome): string | null {
  if ("accessToken" in result) {
    localStorage.setItem(NAME, JSON.stringify(result));
    tell();
    return null;
  }
  if (result.code === "INVALID_TOKEN") forget();
  return result.message;
}

function heard(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

function tell(): void {
  for (const listener of listeners) listener();
}

async function sent<Result>(query: string, variables: object, accessToken = ""): Promise<Result> {
  const headers = new Headers({ "content-type": "application/json" });
  if (accessToken) headers.set("authorization", `Bearer ${accessToken}`);
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (!data) throw new Error(errors[0].message);
  return data.result;
}
