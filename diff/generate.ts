// Part of `npm run generate`: writes the JSON Schema of `skopos diff --format json`, from the repository's root.
import { writeFileSync } from "node:fs";
import { diffSchemaFile, diffSchemaText } from "./report/json.ts";

writeFileSync(diffSchemaFile, diffSchemaText());
console.error(`wrote ${diffSchemaFile}`);
