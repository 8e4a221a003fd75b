import { Option } from "commander";

/** `--stack S`. */
export const stackOption = () =>
  new Option("-s, --stack <name>", "stack to read, from Pulumi.<name>.yaml").default("dev");

/** `--json` */
export const jsonOption = () => new Option("--json", "print JSON to stdout");
