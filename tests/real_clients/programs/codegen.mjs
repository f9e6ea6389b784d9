// What `graphql-codegen` does with codegen.json, without its command line, which brings two hundred
// packages that have nothing to do with types: the same core and the same preset.
//
//   node programs/codegen.mjs        in the folder of the project

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildSchema, parse } from "graphql";

const config = JSON.parse(readFileSync("codegen.json", "utf8"));
const sdl = readFileSync("schema.graphql", "utf8");

/** The documents of a source file, as the command line plucks them: graphql(`...`). */
function* documentsOf(location) {
  const source = readFileSync(location, "utf8");
  for (const [, rawSDL] of source.matchAll(/\bgraphql\(`([^`]*)`\)/g)) {
    yield { location, rawSDL, document: parse(rawSDL) };
  }
}

const sources = readdirSync("src", { recursive: true })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("gql/"))
  .map((name) => `src/${name}`);
const documents = sources.flatMap((location) => [...documentsOf(location)]);

for (const [baseOutputDir, { presetConfig, config: typesConfig }] of Object.entries(
  config.generates,
)) {
  const files = await preset.buildGeneratesSection({
    baseOutputDir,
    config: typesConfig,
    documents,
    pluginContext: {},
    pluginMap: {},
    plugins: [],
    presetConfig,
    schema: parse(sdl),
    schemaAst: buildSchema(sdl),
    documentTransforms: [],
  });
  for (const file of files) {
    mkdirSync(dirname(file.filename), { recursive: true });
    writeFileSync(file.filename, await codegen(file));
  }
}
