// The OCI registry of the CNCF distribution project with what the tests use: blobs in a folder, basic authentication and bearer tokens.
// The published main package also links the storage drivers of every cloud and an OTLP exporter, which would make up most of the build.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"

	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

// Serves the registry that the configuration file named on the command line describes.
func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	config, err := configuration.Parse(file)
	if err != nil {
		log.Fatal(err)
	}
	app := handlers.NewApp(context.Background(), config)
	if tls := config.HTTP.TLS; tls.Certificate != "" {
		log.Fatal(http.ListenAndServeTLS(config.HTTP.Addr, tls.Certificate, tls.Key, app))
	}
	log.Fatal(http.ListenAndServe(config.HTTP.Addr, app))
}
