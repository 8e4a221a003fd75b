import { Option } from "commander";

/** `--stack S`, with the project's folder of stack files behind it. */
export const stackOption = () => new Option("-s, --stack <name>", "stack: the file Pulumi.<name>.yaml").default("dev");

/** `--json` */
export const jsonOption = () => new Option("--json", "print JSON");
