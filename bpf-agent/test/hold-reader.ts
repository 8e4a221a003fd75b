/** Holds a reader until it is killed: `hold-reader.ts NETNS [tcx]`, the second to do without TCX. */
import { FlowReader } from "../src/reader.ts";

const [netns = "", ...without] = process.argv.slice(2);
new FlowReader({ netns, without: without as "tcx"[] }, { onInterface: ({ name }) => console.log(name) });
