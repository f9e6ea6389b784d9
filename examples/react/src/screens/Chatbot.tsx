import { useQuery } from "@apollo/client/react";
import { Link, NavLink, Outlet, useOutletContext, useParams } from "react-router";
import { graphql } from "../gql";
import type { ChatbotPartsFragment } from "../gql/graphql";
import { Waiting } from "../parts/Waiting";
import { useClient } from "./Client";
import { NotHere } from "./NotHere";

export const CHATBOT_PARTS = graphql(`
  fragment ChatbotParts on Chatbot {
    id embedKey active revision hasUnpublishedChanges
    published { id number }
    draft {
      name primaryColor secondaryColor colorScheme position showBranding autoOpen
      languages defaultLanguage allowedOrigins contactEmail contactUrl customInstructions
      knowledgeMode
      texts { language welcomeMessage starterQuestions placeholder consentText contactText }
      defaultLlm { id name }
      fallbackLlm { id name }
    }
  }
`);
const CHATBOT = graphql(`
  query Chatbot($id: ID!) {
    chatbot(id: $id) { ...ChatbotParts }
  }
`);

/** The chatbot whose pages are shown. */
export const useChatbot = () => useOutletContext<ChatbotPartsFragment>();

/** The frame of a chatbot's pages. */
export function Chatbot() {
  const { chatbotId = "" } = useParams();
  const client = useClient();
  const { data, error } = useQuery(CHATBOT, { variables: { id: chatbotId } });
  if (!data) return <Waiting error={error} />;
  if (!data.chatbot) return <NotHere />;
  const { draft, active, published, hasUnpublishedChanges } = data.chatbot;
  return (
    <>
      <p className="path">
        <Link to={`/clients/${client.slug}`}>Chatbots</Link>
      </p>
      <h2>
        <i className="dot" style={{ background: draft.primaryColor }} />
        {draft.name}
      </h2>
      <p className="facts">
        Version {published.number} answers visitors
        {!active && <span className="badge urgent">switched off</span>}
        {hasUnpublishedChanges && <span className="badge">changes to publish</span>}
      </p>
      <nav className="tabs" aria-label="Chatbot">
        <NavLink to="." end>
          Settings
        </NavLink>
        <NavLink to="embed">On your site</NavLink>
        <NavLink to="hook">Hook</NavLink>
      </nav>
      <Outlet context={data.chatbot} />
    </>
  );
}
