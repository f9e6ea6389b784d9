import { useApolloClient } from "@apollo/client/react";
import { useEffect } from "react";
import { Link, Route, Routes } from "react-router";
import { signOut, useSignedIn } from "./data/session";
import { useTheme } from "./data/theme";
import { Access } from "./screens/Access";
import { Chatbot } from "./screens/Chatbot";
import { ChatbotSettings } from "./screens/ChatbotSettings";
import { Client } from "./screens/Client";
import { ClientList } from "./screens/ClientList";
import { ConversationList } from "./screens/ConversationList";
import { Embed } from "./screens/Embed";
import { Hook } from "./screens/Hook";
import { Knowledge } from "./screens/Knowledge";
import { NotHere } from "./screens/NotHere";
import { Overview } from "./screens/Overview";
import { SignIn } from "./screens/SignIn";
import { Usage } from "./screens/Usage";

export function App() {
  const signedIn = useSignedIn();
  const apollo = useApolloClient();
  useEffect(() => {
    if (!signedIn) apollo.clearStore(); // the next person sees nothing of this one, in any tab
  }, [signedIn, apollo]);
  return (
    <>
      <Bar signedIn={signedIn} />
      <main>{signedIn ? <Screens /> : <SignIn />}</main>
    </>
  );
}

function Screens() {
  return (
    <Routes>
      <Route index element={<ClientList />} />
      <Route path="clients/:slug" element={<Client />}>
        <Route index element={<Overview />} />
        <Route path="chatbots/:chatbotId" element={<Chatbot />}>
          <Route index element={<ChatbotSettings />} />
          <Route path="embed" element={<Embed />} />
          <Route path="hook" element={<Hook />} />
        </Route>
        <Route path="knowledge" element={<Knowledge />} />
        <Route path="conversations/:id?" element={<ConversationList />} />
        <Route path="usage" element={<Usage />} />
        <Route path="access" element={<Access />} />
      </Route>
      <Route path="*" element={<NotHere />} />
    </Routes>
  );
}

function Bar({ signedIn }: { signedIn: boolean }) {
  const [dark, toggle] = useTheme();
  return (
    <header className="bar">
      <Link to="/" className="brand">
        Parlance
      </Link>
      <span className="grow" />
      <button type="button" className="quiet" onClick={toggle} aria-pressed={dark}>
        Dark
      </button>
      {signedIn && (
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      )}
    </header>
  );
}
