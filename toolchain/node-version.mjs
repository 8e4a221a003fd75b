// Preloaded by the Pulumi runtime (Pulumi.yaml, nodeargs): index.ts is TypeScript that Node runs as it is.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Skopos needs Node >= 22.18 and runs under ${process.versions.node}: use "npx pulumi up", which picks the pinned Node, or install a newer one.`,
  );
  process.exit(1);
}
