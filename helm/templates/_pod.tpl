{{/*
The pod of the modes daemonset and deployment: metadata and spec of its template.
*/}}

{{- define "leash.podTemplate" -}}
metadata:
  labels:
    {{- include "leash.selectorLabels" . | nindent 4 }}
    {{- include "leash.instanceLabel" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    leash-cache.github.io/config-checksum: {{ include "leash.configChecksum" . }}
    {{- with .Values.podAnnotations }}
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
  # the sleep below, the 1.5 s that leash may take, and some to spare
  terminationGracePeriodSeconds: 15
  containers:
    - {{ include "leash.container" . | nindent 6 | trim }}
      lifecycle:
        preStop:
          # Until every node's Service rules have forgotten this pod. Not for a sidecar: nothing reaches it by a Service.
          sleep:
            seconds: 5
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
  {{- if eq .Values.mode "deployment" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "leash.selectorLabels" . | nindent 10 }}
      matchLabelKeys:
        - pod-template-hash
  {{- end }}
{{- end }}
