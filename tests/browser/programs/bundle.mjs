// Bundles one file for a browser: bundle.mjs FROM TO. Packages come from this repository's own.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { compileScript, parse } from "vue/compiler-sfc";

// Vue's own compiler does to a component what it does in every Vue project.
const vueComponents = {
  name: "vue components",
  setup(building) {
    building.onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor, errors } = parse(await readFile(path, "utf8"), { filename: path });
      if (errors.length) throw errors[0];
      const { content } = compileScript(descriptor, { id: "shop", inlineTemplate: true });
      return { contents: content, loader: "ts" };
    });
  },
};

const packages = new URL("../../../node_modules", import.meta.url).pathname;
const [from, to] = process.argv.slice(2);
await build({
  entryPoints: [from],
  outfile: to,
  bundle: true,
  jsx: "automatic",
  plugins: [vueComponents],
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  // As Angular's own settings for TypeScript have it.
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  nodePaths: [packages],
  // An example whose folder has packages of its own would bring a second React along.
  alias: { react: `${packages}/react`, "react-dom": `${packages}/react-dom` },
});
