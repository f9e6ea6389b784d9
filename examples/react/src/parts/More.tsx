import { useState } from "react";

interface Props {
  pageInfo: { hasNextPage: boolean };
  more: () => Promise<unknown>;
}

/** The button under a list that goes on. */
export function More({ pageInfo, more }: Props) {
  const [busy, setBusy] = useState(false);
  if (!pageInfo.hasNextPage) return null;

  async function fetch() {
    setBusy(true);
    await more().finally(() => setBusy(false));
  }
  return (
    <button type="button" className="quiet" disabled={busy} onClick={fetch}>
      More
    </button>
  );
}
