{{/*
The groups of a file of rules, with the labels that every alert shall carry and links to where the runbooks are kept:
dict "file" (its text) "values" .Values.prometheusRule.
*/}}

{{- define "leash.ruleGroups" -}}
{{- $values := .values -}}
{{- $groups := (fromYaml .file).groups -}}
{{- range $groups -}}
{{- range .rules -}}
{{- if .alert -}}
{{- $_ := set . "labels" (merge (dict) $values.ruleLabels (default (dict) .labels)) -}}
{{- with .annotations -}}
{{- if $values.runbookUrl -}}
{{- $_ := set . "runbook_url" (regexReplaceAll "^[^#]*" .runbook_url $values.runbookUrl) -}}
{{- else -}}
{{- $_ := unset . "runbook_url" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end }}
