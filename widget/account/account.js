/**
 * Chooses a password with the code of a mail, for installations without a dashboard of their own.
 *
 * The code comes in the fragment, which no server sees, and leaves the address bar at once. The
 * session that the server opens is not kept: people sign in where they work.
 */

const RESET_PASSWORD = `
mutation ($input: ResetPasswordInput!) {
  result: resetPassword(input: $input) {
    __typename
    ... on ResetPasswordSuccess { viewer { user { email } } }
    ... on InvalidInputError { issues { message } }
    ... on UserError { message }
  }
}`;
const REQUEST_DEADLINE_MS = 30_000;
const UNREACHABLE = "The server cannot be reached. Try again.";

/**
 * @typedef {object} Result
 * @property {string} __typename
 * @property {string} [message]
 * @property {{message: string}[]} [issues]
 * @property {{user: {email: string}}} [viewer]
 */

/**
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function part(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`no ${id}`);
  return found;
}

const form = part("form", HTMLFormElement);
const explanation = part("explanation", HTMLParagraphElement);
const nameField = part("name-field", HTMLDivElement);
const fullName = part("full-name", HTMLInputElement);
const password = part("password", HTMLInputElement);
const problem = part("problem", HTMLParagraphElement);
const choose = part("choose", HTMLButtonElement);
const done = part("done", HTMLParagraphElement);

let code = "";

function begin() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const invitation = fragment.get("invitationCode");
  const found = invitation ?? fragment.get("resetCode");
  if (!found) return;
  code = found;
  history.replaceState(null, "", location.pathname);
  explanation.hidden = true;
  form.hidden = false;
  done.textContent = "";
  nameField.hidden = invitation === null;
  fullName.required = invitation !== null;
}

/** @returns {Promise<Result>} */
async function sent() {
  const input = {
    resetCode: code,
    newPassword: password.value,
    fullName: nameField.hidden ? null : fullName.value,
  };
  const response = await fetch(new URL("../graphql", import.meta.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: RESET_PASSWORD, variables: { input } }),
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  const answer = await response.json();
  return answer.data.result;
}

/** @param {Result} result */
function show(result) {
  const email = result.viewer?.user.email;
  if (email === undefined) {
    const issues = result.issues?.map((one) => one.message).join(" ");
    problem.textContent = issues || result.message || UNREACHABLE;
    return;
  }
  form.hidden = true;
  form.reset();
  code = "";
  done.textContent = `The password of ${email} was changed. Sign in with it from now on.`;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  choose.disabled = true;
  try {
    show(await sent());
  } catch {
    problem.textContent = UNREACHABLE;
  } finally {
    choose.disabled = false;
  }
});
window.addEventListener("hashchange", begin);
begin();
