// Part of `npm run generate`: writes the pages of the rules, from the repository's root.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { policyPages } from "./docs.ts";
import { categories } from "./engine/rule.ts";
import { examples } from "./fixtures/all.ts";
import { rules } from "./rules/index.ts";

for (const category of categories) rmSync(`docs/policies/${category}`, { recursive: true, force: true });
for (const { path, text } of policyPages(rules, examples())) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
console.error(`wrote ${rules.length} pages of rules in docs/policies/`);
