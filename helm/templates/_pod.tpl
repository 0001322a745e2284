{{/*
The pod of the modes daemonset, deployment and holders: metadata and spec of its template.
*/}}

{{- define "leash.podTemplate" -}}
metadata:
  labels:
    {{- include "leash.selectorLabels" . | nindent 4 }}
    {{- include "leash.instanceLabel" . | nindent 4 }}
    {{- with merge (dict) .Values.podLabels .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    leash-cache.github.io/config-checksum: {{ include "leash.configChecksum" . }}
    {{- with merge (dict) .Values.podAnnotations .Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "leash.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with include "leash.podSecurityContext" . | fromYaml }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  {{- with .Values.dnsPolicy | default (ternary "ClusterFirstWithHostNet" "" .Values.hostNetwork) }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if eq .Values.mode "holders" }}
  # the 1.5 s that leash may take, and some to spare
  {{- else }}
  # the sleep below, the 1.5 s that leash may take, and some to spare
  {{- end }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | int64 }}
  containers:
    - {{ include "leash.container" . | nindent 6 | trim }}
      {{- if ne .Values.mode "holders" }}
      lifecycle:
        preStop:
          # Until every node's Service rules have forgotten this pod. Not for a sidecar or a holder: no such rule leads there.
          sleep:
            seconds: 5
      {{- end }}
  volumes:
    {{- include "leash.volumes" . | nindent 4 }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if has .Values.mode (list "deployment" "holders") }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ merge (dict) . (dict "labelSelector" (dict "matchLabels" (include "leash.selectorLabels" $ | fromYaml))) | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  {{- end }}
{{- end }}

{{/* With the group of leash for the volumes of holders, which otherwise belong to root. */}}
{{- define "leash.podSecurityContext" -}}
{{- $group := dict -}}
{{- if eq .Values.mode "holders" -}}
{{- with dig "runAsGroup" "" (default (dict) .Values.securityContext) -}}
{{- $group = dict "fsGroup" . "fsGroupChangePolicy" "OnRootMismatch" -}}
{{- end -}}
{{- end -}}
{{- toYaml (merge (dict) .Values.podSecurityContext $group) -}}
{{- end }}
