{{/*
Kubernetes objects as literals of the Common Expression Language, for the injection.
*/}}

{{/*
A value of the type of a field: dict "type" "Object.spec.volumes" "value" (…). Field names are written bare and make an
object of that type, save those of maps, whose keys are any text: quantities, labels, annotations, and what drivers take.
*/}}
{{- define "leash.cel" -}}
{{- $type := .type -}}
{{- if kindIs "map" .value -}}
{{- $isMap := regexMatch "\\.(requests|limits|labels|annotations|matchLabels|volumeAttributes|options)$" $type -}}
{{- $fields := list -}}
{{- range $name, $value := .value -}}
{{- $literal := include "leash.cel" (dict "type" (printf "%s.%s" $type $name) "value" $value) -}}
{{- $fields = append $fields (printf "%s: %s" (ternary ($name | quote) $name $isMap) $literal) -}}
{{- end -}}
{{- ternary "" $type $isMap }}{{ printf "{%s}" (join ", " $fields) -}}
{{- else if kindIs "slice" .value -}}
{{- $elements := list -}}
{{- range .value -}}
{{- $elements = append $elements (include "leash.cel" (dict "type" $type "value" .)) -}}
{{- end -}}
{{- printf "[%s]" (join ", " $elements) -}}
{{- else -}}
{{- .value | toJson -}}
{{- end -}}
{{- end }}
