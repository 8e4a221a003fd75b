package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// manifests holds what the generator looks at; every other object of the input is left out.
type manifests struct {
	prometheuses []*monitoringv1.Prometheus
	// monitors are the objects that a Prometheus selects: service and pod monitors, probes, scrape configs.
	monitors []metav1.Object
	// references are the Secrets and ConfigMaps that the others name.
	references []runtime.Object
	namespaces map[string]*corev1.Namespace

	admission *admission
	decoder   runtime.Decoder
}

func readManifests(paths []string) (*manifests, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, monitoringv1.AddToScheme, monitoringv1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	admission, err := newAdmission()
	if err != nil {
		return nil, err
	}
	m := &manifests{
		namespaces: map[string]*corev1.Namespace{},
		admission:  admission,
		decoder:    json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Strict: true}),
	}

	if len(paths) == 0 {
		paths = []string{"-"}
	}
	for _, path := range paths {
		if path == "-" {
			if err := m.read(os.Stdin, "standard input"); err != nil {
				return nil, err
			}
			continue
		}
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || (file != path && !isManifest(file)) {
				return err
			}
			opened, err := os.Open(file)
			if err != nil {
				return err
			}
			defer opened.Close()
			return m.read(opened, file)
		})
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

func isManifest(file string) bool {
	extension := filepath.Ext(file)
	return extension == ".yaml" || extension == ".yml" || extension == ".json"
}

// read adds the objects of one multi-document file.
func (m *manifests) read(from io.Reader, file string) error {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(from))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if strings.TrimSpace(string(document)) == "" {
			continue
		}
		if err := m.decode(document); err != nil {
			return fmt.Errorf("%s, document %d: %w", file, number, err)
		}
	}
}

// decode adds one object, after the checks and defaults of the API server when it is one of the operator's.
func (m *manifests) decode(document []byte) error {
	var object unstructured.Unstructured
	if err := yaml.Unmarshal(document, &object.Object); err != nil {
		return err
	}
	group := object.GroupVersionKind().Group
	if group == monitoring.GroupName {
		if err := m.admission.admit(&object); err != nil {
			return err
		}
	} else if group != corev1.GroupName {
		return nil // A workload, a role, some other operator's resource.
	}
	admitted, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	typed, _, err := m.decoder.Decode(admitted, nil, nil)
	if err != nil {
		return err
	}
	m.add(typed)
	return nil
}

func (m *manifests) add(object runtime.Object) {
	switch o := object.(type) {
	case *corev1.Namespace:
		m.namespaces[o.Name] = labelled(o)
		return
	case *monitoringv1.Prometheus:
		m.prometheuses = append(m.prometheuses, o)
	case *monitoringv1.ServiceMonitor, *monitoringv1.PodMonitor, *monitoringv1.Probe, *monitoringv1alpha1.ScrapeConfig:
		m.monitors = append(m.monitors, o.(metav1.Object))
	case *corev1.Secret:
		m.references = append(m.references, withStringData(o))
	case *corev1.ConfigMap:
		m.references = append(m.references, o)
	}
	name := object.(metav1.Object).GetNamespace()
	if _, known := m.namespaces[name]; !known && name != "" {
		m.namespaces[name] = labelled(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
}

// labelled adds the label that the API server gives every namespace.
func labelled(namespace *corev1.Namespace) *corev1.Namespace {
	if namespace.Labels == nil {
		namespace.Labels = map[string]string{}
	}
	namespace.Labels[corev1.LabelMetadataName] = namespace.Name
	return namespace
}

// withStringData moves stringData into data, as the API server does.
func withStringData(secret *corev1.Secret) *corev1.Secret {
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	for key, value := range secret.StringData {
		secret.Data[key] = []byte(value)
	}
	secret.StringData = nil
	return secret
}
