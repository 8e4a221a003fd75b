// prometheus-config prints the Prometheus configuration that the Prometheus operator generates for a Prometheus
// resource, without a cluster: it runs the operator's own selection of monitors and its own generator over manifests.
//
//	prometheus-config [-prometheus NAMESPACE/NAME] [FILE|DIRECTORY|-]...
//
// A monitor that the operator would reject is an error, as is a field that the resource does not have. Namespaces that
// objects name but no manifest brings are taken as existing, with no labels but their name.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
)

func main() {
	name := flag.String("prometheus", "", "which Prometheus resource, as NAMESPACE/NAME; needed when there are several")
	flag.Parse()
	if err := run(*name, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "prometheus-config:", err)
		os.Exit(1)
	}
}

func run(name string, paths []string) error {
	manifests, err := readManifests(paths)
	if err != nil {
		return err
	}
	prometheus, err := choose(manifests.prometheuses, name)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	configuration, err := generate(context.Background(), logger, manifests, prometheus)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(configuration)
	return err
}

func choose(prometheuses []*monitoringv1.Prometheus, name string) (*monitoringv1.Prometheus, error) {
	var found []*monitoringv1.Prometheus
	var names []string
	for _, p := range prometheuses {
		key := p.Namespace + "/" + p.Name
		names = append(names, key)
		if name == "" || key == name {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d Prometheus resources match, of %v: name one with -prometheus", len(found), names)
	}
	return found[0], nil
}
