/** Changes: a mutation's success, or its refusal as words at the form and at its fields. */

import type { TypedDocumentNode } from "@apollo/client";
import { useMutation } from "@apollo/client/react";
import { useState } from "react";
import { graphql } from "../gql";

/** What every mutation here selects of a refusal, under the alias `result`. */
export const REFUSAL = graphql(`
  fragment Refusal on UserError {
    code
    message
    path
    ... on InvalidInputError { issues { path message } }
  }
`);

interface Refused {
  code: string;
  message: string;
  issues?: { path: string[]; message: string }[];
}
type Done<Result> = Exclude<Result, { code: string }>;

export interface Change<Input, Result> {
  /** Makes the change; its success, or null when it was refused and `problem` says why. */
  make: (input: Input) => Promise<Done<Result> | null>;
  busy: boolean;
  /** A sentence for the person, or "". */
  problem: string;
  /** The same by the name of the field that is meant. */
  problems: Record<string, string>;
}

const NONE = { problem: "", problems: {} };

export function useChange<Input, Result extends object>(
  mutation: TypedDocumentNode<{ result: Result }, { input: Input }>,
): Change<Input, Result> {
  const [run, { loading }] = useMutation(mutation);
  const [told, setTold] = useState<Pick<Change<Input, Result>, "problem" | "problems">>(NONE);

  async function make(input: Input): Promise<Done<Result> | null> {
    setTold(NONE);
    const options = { variables: { input }, errorPolicy: "all" };
    // Apollo's types do not see that these are the variables of whatever mutation is given.
    const { data, error } = await run(options as never);
    const result = data?.result as Result | undefined;
    if (result && !isRefused(result)) return result as Done<Result>;
    setTold(
      result ? wordsOf(result as Refused) : { ...NONE, problem: error?.message ?? "Try again." },
    );
    return null;
  }
  return { make, busy: loading, ...told };
}

function isRefused(result: object): boolean {
  return "code" in result;
}

function wordsOf({ message, issues = [] }: Refused) {
  const problems = Object.fromEntries(issues.map((issue) => [issue.path.at(-1), issue.message]));
  return { problem: message, problems };
}
