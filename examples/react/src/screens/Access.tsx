import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { useChange } from "../data/change";
import { graphql } from "../gql";
import { Copied } from "../parts/Copied";
import { exactly } from "../parts/moments";
import { Waiting } from "../parts/Waiting";
import { useClient } from "./Client";

const KEYS = graphql(`
  query SigningKeys($id: ID!) {
    client(id: $id) {
      id
      slug
      signingKeys { ...SigningKeyParts }
      members { role user { id email fullName } }
    }
  }
`);
export const SIGNING_KEY_PARTS = graphql(`
  fragment SigningKeyParts on SigningKey { id keyId createdAt retiredAt lastUsedAt }
`);
const ROTATE = graphql(`
  mutation RotateSigningKey($input: RotateClientSigningKeyInput!) {
    result: rotateClientSigningKey(input: $input) {
      __typename
      ... on RotateClientSigningKeySuccess {
        secret
        signingKey { id keyId }
        client { id signingKeys { ...SigningKeyParts } }
      }
      ...Refusal
    }
  }
`);

/** The keys with which the client's backend signs visitors in, and the people who work here. */
export function Access() {
  const { id } = useClient();
  const { data, error } = useQuery(KEYS, { variables: { id }, fetchPolicy: "cache-and-network" });
  const rotate = useChange(ROTATE);
  const [secret, setSecret] = useState<{ secret: string; keyId: string } | null>(null);
  if (!data?.client) return <Waiting error={error} />;
  const { signingKeys, members, slug } = data.client;
  const live = signingKeys
    .filter((key) => key.retiredAt === null)
    .sort((one, other) => one.createdAt.localeCompare(other.createdAt));

  async function make() {
    // Two may be live at once: with a third the oldest goes.
    const oldest = live.length > 1 ? live.at(0)?.keyId : null;
    const done = await rotate.make({ clientId: id, retireKeyId: oldest ?? null });
    setSecret(done && { secret: done.secret, keyId: done.signingKey.keyId });
  }
  return (
    <div className="beside even">
      <section className="card" aria-label="Signing keys">
        <h2>Signing keys</h2>
        <p>
          Your backend signs visitors' tokens with one of them (claim <code>client_id</code>:{" "}
          <code>{slug}</code>). Two may be live at once, so that it can change over.
        </p>
        <ul className="rows">
          {signingKeys.map((key) => (
            <li key={key.id}>
              <code>{key.keyId}</code>
              {key.retiredAt && <span className="badge">retired</span>}
              <small>
                {key.lastUsedAt ? `last used ${exactly(key.lastUsedAt)}` : "never used"}, made{" "}
                {exactly(key.createdAt)}
              </small>
            </li>
          ))}
        </ul>
        <button type="button" disabled={rotate.busy} onClick={make}>
          {live.length > 1 ? "New key, and retire the oldest" : "New key"}
        </button>
        {secret && (
          <>
            <p className="notice">
              This secret is shown once. Keep it where your backend reads it.
            </p>
            <Copied label={`The secret of ${secret.keyId}`} text={secret.secret} />
          </>
        )}
        {rotate.problem && <p role="alert">{rotate.problem}</p>}
      </section>
      <section className="card" aria-label="People">
        <h2>People</h2>
        <ul className="rows">
          {members.map(({ role, user }) => (
            <li key={user.id}>
              {user.fullName || user.email} <span className="badge">{role.toLowerCase()}</span>
              <small>{user.email}</small>
            </li>
          ))}
        </ul>
        {members.length === 0 && <p className="waiting">Nobody but the platform's admins.</p>}
      </section>
    </div>
  );
}
