import { type SubmitEvent, useState } from "react";
import { signIn } from "../data/session";
import { Field } from "../parts/Field";

export function SignIn() {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    try {
      setProblem((await signIn(`${given.get("email")}`, `${given.get("password")}`)) ?? "");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "Try again.");
    }
    setBusy(false);
  }

  return (
    <form className="card narrow" onSubmit={submit}>
      <h1>Sign in</h1>
      <Field label="E-mail">
        <input name="email" type="email" autoComplete="username" required />
      </Field>
      <Field label="Password">
        <input name="password" type="password" autoComplete="current-password" required />
      </Field>
      {problem && <p role="alert">{problem}</p>}
      <button type="submit" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
