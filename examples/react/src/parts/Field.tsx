import { cloneElement, type HTMLAttributes, type ReactElement, useId } from "react";

interface Props {
  label: string;
  /** What the field is for, under it. */
  note?: string;
  problem?: string | undefined;
  /** The control. */
  children: ReactElement<HTMLAttributes<HTMLElement>>;
}

/** A labelled field of a form, with what is wrong with it. */
export function Field({ label, note, problem, children }: Props) {
  const id = useId();
  const about = problem || note;
  const control = cloneElement(children, {
    id,
    "aria-describedby": about ? `${id}-about` : undefined,
    "aria-invalid": problem ? true : undefined,
  });
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {control}
      {about && (
        <small id={`${id}-about`} className={problem ? "problem" : undefined}>
          {about}
        </small>
      )}
    </div>
  );
}
