package main

import (
	"context"
	"fmt"
	"log/slog"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/k8s"
	"github.com/prometheus-operator/prometheus-operator/pkg/operator"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	clientgolang "github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
)

// generate follows the operator's own reconciliation (Operator.sync in pkg/prometheus/server) up to the point where it
// writes the configuration into a Secret. Rule files are left out: they are ConfigMaps that the operator makes.
func generate(ctx context.Context, logger *slog.Logger, m *manifests, p *monitoringv1.Prometheus) ([]byte, error) {
	client := fake.NewClientset(m.references...)
	store := assets.NewStoreBuilder(client.CoreV1(), client.CoreV1())
	// What the operator switches on from Kubernetes 1.35, and 1.21.
	generator, err := prometheus.NewConfigGenerator(logger, p, prometheus.WithEndpointSliceSupport(), prometheus.WithPodTopologyLabelsSupport())
	if err != nil {
		return nil, err
	}

	namespaces := cache.NewSharedIndexInformer(nil, &corev1.Namespace{}, 0, cache.Indexers{})
	for _, namespace := range m.namespaces {
		if err := namespaces.GetStore().Add(namespace); err != nil {
			return nil, err
		}
	}
	// The recorder blocks when its buffer is full; each monitor makes one event at most.
	recorder := operator.NewFakeRecorder(len(m.monitors), p)
	selector, err := prometheus.NewResourceSelector(logger, p, store, namespaces, operator.NewMetrics(clientgolang.NewRegistry()), recorder)
	if err != nil {
		return nil, err
	}
	serviceMonitors, err := accepted(selector.SelectServiceMonitors(ctx, list[*monitoringv1.ServiceMonitor](m)))
	if err != nil {
		return nil, err
	}
	podMonitors, err := accepted(selector.SelectPodMonitors(ctx, list[*monitoringv1.PodMonitor](m)))
	if err != nil {
		return nil, err
	}
	probes, err := accepted(selector.SelectProbes(ctx, list[*monitoringv1.Probe](m)))
	if err != nil {
		return nil, err
	}
	scrapeConfigs, err := accepted(selector.SelectScrapeConfigs(ctx, list[*monitoringv1alpha1.ScrapeConfig](m)))
	if err != nil {
		return nil, err
	}

	if err := addReferences(ctx, generator, store, p); err != nil {
		return nil, err
	}
	secrets := client.CoreV1().Secrets(p.Namespace)
	var additional [3][]byte
	for i, reference := range []*corev1.SecretKeySelector{
		p.Spec.AdditionalScrapeConfigs, p.Spec.AdditionalAlertRelabelConfigs, p.Spec.AdditionalAlertManagerConfigs,
	} {
		if additional[i], err = k8s.LoadSecretRef(ctx, logger, secrets, reference); err != nil {
			return nil, err
		}
	}
	return generator.GenerateServerConfiguration(p, serviceMonitors, podMonitors, probes, scrapeConfigs, store, additional[0], additional[1], additional[2], nil)
}

// addReferences resolves the secrets that the Prometheus resource itself names.
func addReferences(ctx context.Context, generator *prometheus.ConfigGenerator, store *assets.StoreBuilder, p *monitoringv1.Prometheus) error {
	if err := prometheus.AddRemoteReadsToStore(ctx, store, p.Namespace, p.Spec.RemoteRead); err != nil {
		return err
	}
	if err := generator.AddRemoteWriteToStore(ctx, store, p.Namespace, p.Spec.RemoteWrite); err != nil {
		return err
	}
	if err := prometheus.AddAPIServerConfigToStore(ctx, store, p.Namespace, p.Spec.APIServerConfig); err != nil {
		return err
	}
	if err := prometheus.AddScrapeClassesToStore(ctx, store, p.Namespace, p.Spec.ScrapeClasses); err != nil {
		return err
	}
	if p.Spec.Alerting == nil {
		return nil
	}
	for _, alertmanager := range p.Spec.Alerting.Alertmanagers {
		if err := store.AddBasicAuth(ctx, p.Namespace, alertmanager.BasicAuth); err != nil {
			return err
		}
		if err := store.AddSafeAuthorizationCredentials(ctx, p.Namespace, alertmanager.Authorization); err != nil {
			return err
		}
		if err := store.AddTLSConfig(ctx, p.Namespace, alertmanager.TLSConfig); err != nil {
			return err
		}
	}
	return nil
}

// list makes the lister the operator's selector asks for the monitors of one kind.
func list[T metav1.Object](m *manifests) prometheus.ListAllByNamespaceFn {
	return func(namespace string, selector labels.Selector, add cache.AppendFunc) error {
		for _, monitor := range m.monitors {
			if _, ok := monitor.(T); ok && monitor.GetNamespace() == namespace && selector.Matches(labels.Set(monitor.GetLabels())) {
				add(monitor)
			}
		}
		return nil
	}
}

// accepted turns a selection in which the operator rejected something into an error; the log has said why.
func accepted[T operator.ConfigurationResource](selection operator.TypedResourcesSelection[T], err error) (map[string]T, error) {
	if err != nil {
		return nil, err
	}
	valid := selection.ValidResources()
	for name := range selection {
		if _, ok := valid[name]; !ok {
			return nil, fmt.Errorf("the operator rejects %T %s", *new(T), name)
		}
	}
	return valid, nil
}
