// The Pulumi Kubernetes provider without its embedded schema. The published main package embeds two files that its
// release makes and that the module does not contain; the engine reads a schema only to generate SDKs and for YAML
// programs, and ours are TypeScript.
package main

import "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"

func main() {
	provider.Serve("kubernetes", "4.25.0", []byte("{}"), []byte("{}"))
}
