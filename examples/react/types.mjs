// GraphQL Codegen: the types of every graphql(`...`) in src, and which types stand behind unions and
// interfaces. The core and the client preset, without the command line and the packages it brings.
//
//   npm run types        reads ../../graphql_schema/schema.graphql, or SCHEMA: a file or an address

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import * as possibleTypes from "@graphql-codegen/fragment-matcher";
import { buildSchema, parse } from "graphql";

const MADE = "src/gql/";
const from = process.env.SCHEMA ?? "../../graphql_schema/schema.graphql";
const sdl = from.includes("://") ? await (await fetch(from)).text() : readFileSync(from, "utf8");

/** The documents of a source file: what stands in graphql(`...`). */
function* documentsOf(location) {
  const source = readFileSync(location, "utf8");
  for (const [, rawSDL] of source.matchAll(/\bgraphql\(`([^`]*)`\)/g)) {
    yield { location, rawSDL, document: parse(rawSDL) };
  }
}

const documents = readdirSync("src", { recursive: true })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("gql"))
  .flatMap((name) => [...documentsOf(`src/${name}`)]);
const schema = { schema: parse(sdl), schemaAst: buildSchema(sdl) };

const files = await preset.buildGeneratesSection({
  ...schema,
  baseOutputDir: MADE,
  documents,
  config: {
    scalars: { BigInt: "number", Date: "string", DateTime: "string", Decimal: "string" },
    strictScalars: true,
    useTypeImports: true,
    enumsAsTypes: true,
  },
  presetConfig: { fragmentMasking: false },
  plugins: [],
  pluginMap: {},
  pluginContext: {},
  documentTransforms: [],
});
files.push({
  ...schema,
  filename: `${MADE}possible-types.ts`,
  documents: [],
  config: { useExplicitTyping: true },
  plugins: [{ "fragment-matcher": {} }],
  pluginMap: { "fragment-matcher": possibleTypes },
});

mkdirSync(MADE, { recursive: true });
for (const file of files) writeFileSync(file.filename, await codegen(file));
