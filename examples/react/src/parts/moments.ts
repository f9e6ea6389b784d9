/** Times as the person's browser writes them. */

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const HOUR = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const BOTH = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The hour of a moment of today, else its day. */
export function shortly(moment: string): string {
  const date = new Date(moment);
  return date.toDateString() === new Date().toDateString() ? HOUR.format(date) : DAY.format(date);
}

export function exactly(moment: string): string {
  return BOTH.format(new Date(moment));
}
