import type { ErrorLike } from "@apollo/client";

/** What stands where data will be: that it comes, or why it does not. */
export function Waiting({ error }: { error?: ErrorLike | undefined }) {
  if (error) return <p role="alert">{error.message}</p>;
  return <p className="waiting">Loading…</p>;
}
