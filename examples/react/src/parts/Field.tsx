import type { ReactNode } from "react";

interface Props {
  label: string;
  /** What the field is for, under it. */
  note?: string;
  problem?: string;
  children: ReactNode;
}

/** A labelled field of a form, with what is wrong with it. */
export function Field({ label, note, problem, children }: Props) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="field">
      <span>{label}</span>
      {children}
      {note && <small>{note}</small>}
      {problem && <small className="problem">{problem}</small>}
    </label>
  );
}
