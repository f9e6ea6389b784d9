/** English below an answer. */
export default {
  copy: "Copy",
  good: "Good answer",
  bad: "Bad answer",
  again: "Answer again",
  stopped: "Stopped",
  sources: { one: "{n} source", other: "{n} sources" },
  newTab: "opens in a new tab",
};
