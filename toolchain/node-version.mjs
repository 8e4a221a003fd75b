// Preloaded by the Pulumi runtime (nodeargs in Pulumi.yaml), because Node runs index.ts, which is TypeScript, directly.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Skopos needs Node >= 22.18, but this is ${process.versions.node}. Use "npx pulumi up", which uses the pinned Node, or install a newer Node.`,
  );
  process.exit(1);
}
