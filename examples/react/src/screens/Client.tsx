import { useQuery } from "@apollo/client/react";
import { Link, NavLink, Outlet, useMatch, useOutletContext, useParams } from "react-router";
import { graphql } from "../gql";
import type { ClientQuery } from "../gql/graphql";
import { Waiting } from "../parts/Waiting";
import { NotHere } from "./NotHere";

const CLIENT = graphql(`
  query Client($slug: String!) {
    client(slug: $slug) { id slug name timeZone maintenanceText }
  }
`);

export type ClientHere = NonNullable<ClientQuery["client"]>;

/** The client whose pages are shown. */
export const useClient = () => useOutletContext<ClientHere>();

/** The frame of a client's pages. */
export function Client() {
  const { slug = "" } = useParams();
  const inChatbot = useMatch("/clients/:slug/chatbots/*") !== null;
  const { data, error } = useQuery(CLIENT, { variables: { slug } });
  if (!data) return <Waiting error={error} />;
  if (!data.client) return <NotHere />;
  return (
    <>
      <p className="path">
        <Link to="/">Clients</Link>
      </p>
      <h1>{data.client.name}</h1>
      {data.client.maintenanceText && <p className="notice">{data.client.maintenanceText}</p>}
      <nav className="tabs" aria-label="Client">
        <NavLink to="." end className={({ isActive }) => (isActive || inChatbot ? "active" : "")}>
          Chatbots
        </NavLink>
        <NavLink to="knowledge">Knowledge</NavLink>
        <NavLink to="conversations">Conversations</NavLink>
        <NavLink to="usage">Usage</NavLink>
        <NavLink to="access">Access</NavLink>
      </nav>
      <Outlet context={data.client} />
    </>
  );
}
