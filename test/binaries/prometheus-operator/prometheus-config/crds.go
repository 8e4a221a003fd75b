package main

import (
	"bytes"
	"fmt"

	crd "github.com/prometheus-operator/prometheus-operator/example"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// admission does to the operator's resources what the API server does with their CRDs: fill in the defaults that the
// schema states (the scrape interval, for one) and refuse values outside it. CEL rules are left to a real API server.
type admission struct {
	documents [][]byte
	versions  map[string]*version
}

// version is one served version of a resource kind.
type version struct {
	structural *schema.Structural
	validator  validation.SchemaValidator
}

func newAdmission() (*admission, error) {
	var crds bytes.Buffer
	if err := crd.PrintAllFull(&crds); err != nil {
		return nil, err
	}
	documents := bytes.Split(crds.Bytes(), []byte("\n---\n"))
	return &admission{documents: documents, versions: map[string]*version{}}, nil
}

// admit changes the object in place.
func (a *admission) admit(object *unstructured.Unstructured) error {
	key := object.GetAPIVersion() + " " + object.GetKind()
	served, ok := a.versions[key]
	if !ok {
		var err error
		if served, err = a.load(object.GetKind(), object.GroupVersionKind().Version); err != nil {
			return err
		}
		a.versions[key] = served
	}
	defaulting.Default(object.Object, served.structural)
	if errs := validation.ValidateCustomResource(nil, object.Object, served.validator); len(errs) > 0 {
		return fmt.Errorf("%s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), errs.ToAggregate())
	}
	return nil
}

// load parses the CRD of one kind only: all of them are several megabytes.
func (a *admission) load(kind, name string) (*version, error) {
	for _, document := range a.documents {
		if !bytes.Contains(document, []byte("\n    kind: "+kind+"\n")) {
			continue
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(document, &definition); err != nil {
			return nil, err
		}
		for _, candidate := range definition.Spec.Versions {
			if candidate.Name != name || !candidate.Served {
				continue
			}
			var internal apiextensions.JSONSchemaProps
			if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(candidate.Schema.OpenAPIV3Schema, &internal, nil); err != nil {
				return nil, err
			}
			structural, err := schema.NewStructural(&internal)
			if err != nil {
				return nil, err
			}
			validator, _, err := validation.NewSchemaValidator(&internal)
			if err != nil {
				return nil, err
			}
			return &version{structural: structural, validator: validator}, nil
		}
	}
	return nil, fmt.Errorf("the operator has no CRD that serves %s %s", name, kind)
}
