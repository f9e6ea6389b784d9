import { ApolloProvider } from "@apollo/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./App";
import { apollo } from "./data/apollo";
import { showTheme } from "./data/theme";
import "./style.css";

showTheme();
const place = document.querySelector("#dashboard") as HTMLElement;
createRoot(place).render(
  <StrictMode>
    <ApolloProvider client={apollo}>
      <BrowserRouter basename={import.meta.env.BASE_URL}>
        <App />
      </BrowserRouter>
    </ApolloProvider>
  </StrictMode>,
);
