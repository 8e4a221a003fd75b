// `npm test`: checks, then every tier of test/tiers.ts that this machine supports. See `npm test -- --help`.
import { stopBuilds } from "./binaries/build.ts";
import { filesOf, testFiles, thisMachine } from "./runner/machine.ts";
import { help, type Options, parseOptions } from "./runner/options.ts";
import { type LeftOut, leaveOut } from "./runner/plan.ts";
import { buildMissing, installPackages } from "./runner/prepare.ts";
import { stopAll } from "./runner/processes.ts";
import { runChecks, runTier, type Step } from "./runner/steps.ts";
import { summary } from "./runner/summary.ts";
import { type Tier, tiers } from "./tiers.ts";

const root = new URL("..", import.meta.url).pathname;

/** @returns the exit code */
async function test(options: Options): Promise<number> {
  const files = testFiles(root, options.paths);
  // Tiers without test files, or without any that match the filter, do not exist for this run.
  const wanted = tiers.filter(
    (tier) => (options.tiers.length === 0 || options.tiers.includes(tier.name)) && filesOf(tier, files).length > 0,
  );
  if (wanted.length === 0) throw new Error("no test file matches");

  const steps: Step[] = [];
  const leftOut: LeftOut[] = [];
  const climb = async (some: readonly Tier[]) => {
    for (const tier of some) {
      const missing = leaveOut(tier, thisMachine);
      if (missing === undefined) steps.push(await runTier(tier, root, options.paths));
      else leftOut.push(missing);
    }
  };

  if (options.requireAll) await installPackages(wanted, thisMachine, root);
  const building = options.requireAll ? buildMissing(wanted, thisMachine) : undefined;
  if (options.tiers.length === 0 && options.paths.length === 0) steps.push(await runChecks(root));
  // Tiers that need no programs and run files in parallel run during the builds; the others wait for a quiet machine.
  const early = wanted.filter(({ filesPerCore, programs }) => filesPerCore > 0 && programs.length === 0);
  await climb(early);
  const built = await building;
  await climb(wanted.filter((tier) => !early.includes(tier)));

  for (const line of summary(steps, leftOut, options.requireAll, built)) console.log(line);
  const failed = steps.some(({ report }) => report.failures.length > 0);
  return failed || (options.requireAll && leftOut.length > 0) ? 1 : 0;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => {
    stopAll();
    stopBuilds();
    process.exit(code);
  });
}

try {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options.help) console.log(help);
  else process.exitCode = await test(options);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
