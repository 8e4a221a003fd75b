/** Holds TCX programs that end the chain until it is killed: `hold-foreign.ts OBJECT IFINDEX...`, in the interfaces' namespace. */
import { testPrograms } from "./programs.ts";

const [path = "", ...interfaces] = process.argv.slice(2);
const [object, { foreign = -1 }] = testPrograms().programLoad(path);
for (const ifindex of interfaces)
  for (const egress of [false, true]) testPrograms().tcxAttach(foreign, Number(ifindex), egress);
console.log("attached");
setInterval(() => object, 60_000);
