// Admits pods as Kubernetes' API server does: evaluates the mutating policy that the chart renders with the server's own
// engine for the Common Expression Language, and prints the pod that comes of it. Not a cluster: it knows one policy and no
// binding, and chooses no pods by their labels.
//
// Usage: admission POLICY.yaml < pod.json > mutated-pod.json
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

var (
	kind     = corev1.SchemeGroupVersion.WithKind("Pod")
	resource = corev1.SchemeGroupVersion.WithResource("pods")
	options  = plugincel.OptionalVariableDeclarations{HasAuthorizer: true}
)

func main() {
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "admission:", err)
		os.Exit(1)
	}
}

func run(policyFile string, in io.Reader, out io.Writer) error {
	written, err := os.ReadFile(policyFile)
	if err != nil {
		return err
	}
	policy := &admissionregistration.MutatingAdmissionPolicy{}
	if err := yaml.UnmarshalStrict(written, policy); err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	given, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	pod := &corev1.Pod{}
	if err := yaml.UnmarshalStrict(given, pod); err != nil {
		return fmt.Errorf("the pod: %w", err)
	}
	admitted, err := admit(policy, pod)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(admitted)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

// admit gives the pod that the policy makes of pod, which is the same where a match condition leaves it alone.
func admit(policy *admissionregistration.MutatingAdmissionPolicy, pod *corev1.Pod) (runtime.Object, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	attributes := versioned(pod)
	matched := matcher(compiler, policy).Match(ctx, attributes, nil, nil)
	if matched.Error != nil {
		return nil, fmt.Errorf("a match condition: %w", matched.Error)
	}
	if !matched.Matches {
		return pod, nil
	}
	var admitted runtime.Object = pod
	patching := options
	patching.HasPatchTypes = true
	for _, mutation := range policy.Spec.Mutations {
		condition := &patch.JSONPatchCondition{Expression: mutation.JSONPatch.Expression}
		compiled := compiler.CompileMutatingEvaluator(condition, patching, environment.StoredExpressions)
		admitted, err = patch.NewJSONPatcher(compiled).Patch(ctx, patch.Request{
			MatchedResource:     resource,
			VersionedAttributes: attributes,
			ObjectInterfaces:    admission.NewObjectInterfacesFromScheme(scheme),
			Namespace:           &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: pod.Namespace}},
		}, celconfig.RuntimeCELCostBudget)
		if err != nil {
			return nil, fmt.Errorf("a mutation: %w", err)
		}
		attributes.VersionedObject = admitted
	}
	return admitted, nil
}

func matcher(compiler plugincel.ConditionCompiler, policy *admissionregistration.MutatingAdmissionPolicy) matchconditions.Matcher {
	var conditions []plugincel.ExpressionAccessor
	for i := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.Spec.MatchConditions[i]))
	}
	compiled := compiler.CompileCondition(conditions, options, environment.StoredExpressions)
	return matchconditions.NewMatcher(compiled, policy.Spec.FailurePolicy, "policy", "mutate", policy.Name)
}

// versioned is what the server asks of its policies when a client creates pod.
func versioned(pod *corev1.Pod) *admission.VersionedAttributes {
	pod.SetGroupVersionKind(schema.GroupVersionKind(kind))
	record := admission.NewAttributesRecord(
		pod, nil, kind, pod.Namespace, pod.Name, resource, "", admission.Create, &metav1.CreateOptions{}, false, nil)
	return &admission.VersionedAttributes{Attributes: record, VersionedKind: kind, VersionedObject: pod}
}
