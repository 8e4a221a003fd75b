// `npm run generate`: writes every file that is made from the code, from the repository's root.
import { writeFileSync } from "node:fs";
import { generatedFiles } from "./generated.ts";

for (const { path, text } of generatedFiles()) {
  writeFileSync(path, text);
  console.error(`wrote ${path}`);
}
