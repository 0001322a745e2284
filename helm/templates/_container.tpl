{{/*
The container, the same wherever it runs, and the volumes it needs.
*/}}

{{- define "leash.container" -}}
name: leash
image: {{ include "leash.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - --config
  - /etc/leash/leash.yaml
ports:
  - name: leash-admin
    containerPort: {{ include "leash.adminPort" . }}
    protocol: TCP
  {{- if ne .Values.mode "sidecar" }}
  - name: memcached
    containerPort: {{ include "leash.listenPort" . }}
    protocol: TCP
  {{- end }}
startupProbe:
  httpGet:
    path: /readyz
    port: {{ include "leash.adminPort" . }}
  periodSeconds: 1
  failureThreshold: 30
readinessProbe:
  httpGet:
    path: /readyz
    port: {{ include "leash.adminPort" . }}
  periodSeconds: 5
  timeoutSeconds: 2
livenessProbe:
  httpGet:
    path: /livez
    port: {{ include "leash.adminPort" . }}
  periodSeconds: 10
  timeoutSeconds: 2
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "leash.securityContext" . | nindent 2 }}
volumeMounts:
  - name: leash-config
    mountPath: /etc/leash
    readOnly: true
  {{- if include "leash.hasSocket" . }}
  - name: leash-run
    mountPath: /run/leash
  {{- end }}
  {{- with include "leash.spoolDir" . }}
  - name: leash-spool
    mountPath: {{ . | quote }}
  {{- end }}
{{- end }}

{{/* On the container, so that a sidecar has it regardless of its pod's security context. It meets the restricted Pod Security Standard. */}}
{{- define "leash.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "leash.volumes" -}}
- name: leash-config
  configMap:
    name: {{ include "leash.fullname" . }}
{{- if include "leash.hasSocket" . }}
- name: leash-run
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end }}
{{- if include "leash.spoolDir" . }}
- name: leash-spool
  {{- toYaml (default (dict "emptyDir" (dict "sizeLimit" "256Mi")) .Values.spoolVolume) | nindent 2 }}
{{- end }}
{{- end }}
