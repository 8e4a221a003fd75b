/** A part of the image. */
export interface Part {
  readonly kind: "npm" | "deb" | "generic";
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** https://github.com/package-url/purl-spec */
const purl = ({ kind, name, version }: Part): string =>
  `pkg:${kind}/${kind === "deb" ? "debian/" : ""}${name.replace("@", "%40")}@${encodeURIComponent(version)}`;

/**
 * The list of an image's parts as SPDX 2.3, the same bytes for the same parts.
 * @see https://spdx.github.io/spdx-spec/v2.3/
 */
export function sbom(version: string, parts: readonly Part[]): string {
  const packages = parts.map((part, index) => ({
    SPDXID: `SPDXRef-Package-${index}`,
    name: part.name,
    versionInfo: part.version,
    licenseDeclared: part.license,
    licenseConcluded: "NOASSERTION",
    copyrightText: "NOASSERTION",
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl(part) }],
  }));
  const document = {
    spdxVersion: "SPDX-2.3",
    SPDXID: "SPDXRef-DOCUMENT",
    dataLicense: "CC0-1.0",
    name: `skopos-flow-agent-${version}`,
    documentNamespace: `https://skopos.dev/sbom/flow-agent-${version}`,
    // Of no use to anybody, and required: the same for every build.
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: skopos"] },
    packages,
    relationships: packages.map(({ SPDXID }) => ({
      spdxElementId: "SPDXRef-DOCUMENT",
      relationshipType: "DESCRIBES",
      relatedSpdxElement: SPDXID,
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
