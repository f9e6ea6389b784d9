import { useState } from "react";

interface Props {
  label: string;
  text: string;
}

/** A text to take along: shown, and copied by a button. */
export function Copied({ label, text }: Props) {
  const [done, setDone] = useState(false);

  async function copy() {
    await navigator.clipboard.writeText(text);
    setDone(true);
  }
  return (
    <figure className="copied">
      <figcaption>
        {label}
        <button type="button" className="quiet" onClick={copy}>
          {done ? "Copied" : "Copy"}
        </button>
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
