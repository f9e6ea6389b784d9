// Bundles one file for a browser: bundle.mjs FROM TO. Packages come from this repository's own.
import { build } from "esbuild";

const [from, to] = process.argv.slice(2);
await build({
  entryPoints: [from],
  outfile: to,
  bundle: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"development"' },
  nodePaths: [new URL("../../../node_modules", import.meta.url).pathname],
});
