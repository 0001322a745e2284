{{/*
What things are called, and the labels they are found by.
*/}}

{{- define "leash.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* The name of everything in a release; also the value of the label leash-cache.github.io/instance. */}}
{{- define "leash.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "leash.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "leash.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The annotations in the metadata of an object, the common ones and its own: dict "root" $ "own" (…). */}}
{{- define "leash.annotations" -}}
{{- with merge (dict) (default (dict) .own) .root.Values.commonAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{- define "leash.selectorLabels" -}}
app.kubernetes.io/name: {{ include "leash.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* On every pod that runs this release's leash, injected ones included: the PodMonitor and the injection go by it. */}}
{{- define "leash.instanceLabel" -}}
leash-cache.github.io/instance: {{ include "leash.fullname" . }}
{{- end }}

{{- define "leash.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "leash.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{- define "leash.image" -}}
{{- with .Values.image -}}
{{- if not .repository -}}
{{- fail "image.repository is empty: name the image of leash that you have pushed, such as registry.example.com/leash; `docker build -t registry.example.com/leash:VERSION .` in leash's repository builds it" -}}
{{- end -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end }}
