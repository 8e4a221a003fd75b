import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation/index.js";
import { programPath } from "../../binaries/find.ts";
import { environment } from "../daemon.ts";

/** A Pulumi stack on the disk, its program a function of this process. */
export interface StackOptions {
  /** Folder for its state, home and binaries. */
  readonly directory: string;
  readonly kubeconfig: string;
  readonly stack: string;
  /** Run anew for every preview and update. */
  readonly program: () => Promise<Record<string, unknown>>;
}

/** What encrypts the secrets of a test's state. */
const passphrase = "only for tests";

/**
 * Puts the real CLI and provider that `test/binaries` built into DIRECTORY/bin, and returns the environment under which they keep
 * a state of their own in the same folder: nothing is downloaded, no account is asked for.
 * @throws Error when one of them is not built.
 */
export function pulumiEnvironment(directory: string, kubeconfig: string): Record<string, string> {
  const bin = join(directory, "bin");
  const state = join(directory, "state");
  const home = join(directory, "home");
  for (const folder of [bin, state, home]) mkdirSync(folder, { recursive: true });
  // Where the CLI cannot make its log folder it keeps no verbose log of every run: half of what a preview costs.
  writeFileSync(join(home, "logs"), "");
  for (const name of ["pulumi", "pulumi-resource-kubernetes"]) {
    const path = programPath(name);
    if (path === undefined) throw new Error(`not built yet: node test/binaries/build.ts ${name}`);
    symlinkSync(path, join(bin, name));
  }
  return {
    PATH: [bin, environment.PATH].join(delimiter),
    KUBECONFIG: kubeconfig,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The state is saved once at the end, also of an update that fails, instead of whole after every resource.
    PULUMI_SKIP_CHECKPOINTS: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** Makes a stack whose program is a function of this process. */
export async function newStack({ directory, kubeconfig, stack, program }: StackOptions): Promise<Stack> {
  const envVars = pulumiEnvironment(directory, kubeconfig);
  return LocalWorkspace.createStack(
    { stackName: stack, projectName: "skopos", program },
    // PulumiCommand looks for bin/pulumi below.
    { pulumiCommand: await PulumiCommand.get({ root: directory, skipVersionCheck: true }), envVars },
  );
}

/** Gives a stack the settings of `stacks/Pulumi.<stack>.yaml`, with keys that have lost their `skopos:`. */
export async function configure(stack: Stack, settings: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [key, value] of Object.entries(settings))
    await stack.setConfig(`skopos:${key}`, { value: typeof value === "string" ? value : JSON.stringify(value) });
}
