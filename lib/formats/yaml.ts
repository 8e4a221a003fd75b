import { type CreateNodeOptions, Document, isScalar, visit } from "yaml";

/**
 * YAML that readers of YAML 1.1 and 1.2 read alike. Text that either of them takes for another type is quoted, keys
 * included: `no`, `on`, `1_000`, `0b1`, `=`. Kubernetes and most Go programs read 1.1, JavaScript reads 1.2.
 */
export function yamlText(
  value: unknown,
  options: CreateNodeOptions & { readonly sortMapEntries?: boolean } = {},
): string {
  const document = new Document(value, { compat: "yaml-1.1", ...options });
  visit(document, {
    // The one indicator of YAML 1.1 that the library does not know.
    Scalar: (_, node) => {
      if (isScalar(node) && node.value === "=") node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}
