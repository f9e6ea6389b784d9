import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where Parlance runs while you develop; the built dashboard is served by Parlance itself. */
const parlance = process.env.SERVER ?? "http://127.0.0.1:8000";
const forwarded = { target: parlance, ws: true };

export default defineConfig({
  base: "/dashboard/",
  plugins: [react()],
  resolve: { dedupe: ["react", "react-dom"] },
  build: { chunkSizeWarningLimit: 800 }, // kB: React, Apollo Client, GraphQL and the router in one file
  server: {
    fs: { allow: [".."] }, // ../parlance.ts, which the wrappers of all frameworks share
    proxy: Object.fromEntries(
      ["/graphql", "/widget", "/uploads", "/exports", "/plugins"].map((path) => [path, forwarded]),
    ),
  },
});
