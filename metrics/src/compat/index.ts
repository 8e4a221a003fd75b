// `import client from`, `import * as client from` and `import { Counter } from` all work, as with prom-client.

import * as client from "./exports.ts";

export * from "./exports.ts";
export { client as default };
