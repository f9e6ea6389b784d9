/** The GraphQL documents. Every byte is loaded by every visitor. */

const MESSAGE =
  "id sender status content createdAt questionId suggestions citations{number sourceTitle url anchorUrl quote}feedback{rating}";
export const EVENT = `{__typename seq ...on AnswerStarted{conversationId questionId messageId}...on AnswerStep{label}...on AnswerDelta{text}...on AnswerCompleted{answer{${MESSAGE}}}...on AnswerFailed{code text retryable}}`;

/**
 * @param {string} name
 * @param {string} [success] what is wanted of it
 * @param {string} [input] the type of its input
 */
export const mutation = (name, success, input) => {
  const type = name[0].toUpperCase() + name.slice(1);
  const wanted = success ? `...on ${type}Success{${success}}` : "";
  return `mutation($i:${input ?? `${type}Input`}!){${name}(input:$i){__typename ${wanted}...on UserError{code message}}}`;
};

export const START = /* @__PURE__ */ mutation(
  "startVisit",
  "widgetToken expiresAt conversation{id}",
);
export const ASK = `subscription($i:AskInput!){ask(input:$i)${EVENT}}`;
export const FOLLOW = `subscription($m:ID!,$s:Int!){answer(messageId:$m,afterSeq:$s)${EVENT}}`;
export const STOP = /* @__PURE__ */ mutation("stopAnswer");
export const MESSAGES = `query($c:ID!,$b:String){conversation(id:$c){id title messages(last:30,before:$b){pageInfo{hasPreviousPage startCursor}edges{node{${MESSAGE}}}}}}`;
export const VISIT =
  "subscription($a:String){visitEvents(after:$a){cursor kind conversationId messageId}}";
