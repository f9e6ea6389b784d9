/** The GraphQL documents. Every byte is loaded by every visitor. */

const MESSAGE =
  "id sender status content createdAt questionId suggestions citations{number sourceTitle url anchorUrl quote}feedback{rating}";
const EVENT = `{__typename seq ...on AnswerStarted{conversationId questionId messageId}...on AnswerStep{label}...on AnswerDelta{text}...on AnswerCompleted{answer{${MESSAGE}}}...on AnswerFailed{code text retryable retryAt}}`;

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

/** @param {string} configuration the fields of a WidgetChatbot, which the loader has already */
export const documentsWith = (configuration) => ({
  start: mutation(
    "startVisit",
    `widgetToken expiresAt visitorId chatbot{${configuration}}conversation{id}`,
  ),
  refresh: mutation("refreshWidgetToken", "widgetToken expiresAt"),
  ask: `subscription($i:AskInput!){ask(input:$i)${EVENT}}`,
  follow: `subscription($m:ID!,$s:Int!){answer(messageId:$m,afterSeq:$s)${EVENT}}`,
  askOnce: mutation("askOnce", "conversationId questionId messageId", "AskInput"),
  poll: `query($m:ID!,$s:Int!,$w:Int!){answerEvents(messageId:$m,afterSeq:$s,waitMs:$w)${EVENT}}`,
  stop: mutation("stopAnswer"),
  regenerate: mutation("regenerateAnswer", "messageId"),
  rate: mutation("rateAnswer"),
  messages: `query($c:ID!,$b:String){conversation(id:$c){id title messages(last:30,before:$b){pageInfo{hasPreviousPage startCursor}edges{node{${MESSAGE}}}}}}`,
  visit: `subscription($a:String){visitEvents(after:$a){cursor kind conversationId messageId conversation{id title}chatbot{${configuration}}}}`,
});

/** @typedef {ReturnType<typeof documentsWith>} Documents */
