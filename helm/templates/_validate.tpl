{{/*
What no schema can say: values that are right alone and wrong together, with the cure. Rendered with the ConfigMap, in every
mode.
*/}}

{{- define "leash.validate" -}}
{{- include "leash.validateConfig" . -}}
{{- include "leash.validateExtras" . -}}
{{- include "leash.validateMode" . -}}
{{- include "leash.validateQueues" . -}}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled -}}
{{- fail "podMonitor and serviceMonitor are both enabled, and Prometheus would count every request twice: take one of them" -}}
{{- end -}}
{{- end }}

{{- define "leash.validateConfig" -}}
{{- $v := .Values -}}
{{- if and $v.existingConfigMap $v.existingSecret -}}
{{- fail "existingConfigMap and existingSecret are both written: leash reads one file" -}}
{{- else if and (or $v.existingConfigMap $v.existingSecret) $v.config.pools -}}
{{- fail "config.pools is written beside existingConfigMap or existingSecret, whose leash.yaml would win: write the pools in one place" -}}
{{- else if not (or $v.existingConfigMap $v.existingSecret $v.config.pools (and (eq $v.mode "holders") (include "leash.hasOnlyQueues" .))) -}}
{{- fail "config.pools is empty: name your memcached servers, such as config.pools.main.servers: [\"memcached-0.memcached:11211\"]" -}}
{{- end -}}
{{- $admin := include "leash.admin" . -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" $admin -}}
{{- fail (printf "config.admin is %s, but the kubelet's probes come to the pod's address: write 0.0.0.0:11291, or [::]:11291 where pods have IPv6 addresses only" $admin) -}}
{{- end -}}
{{- end }}

{{/* Probes, ports and the Service follow `config`, so nothing else may say where leash is. */}}
{{- define "leash.validateExtras" -}}
{{- range .Values.extraEnv -}}
{{- if has .name (list "LEASH_CONFIG" "LEASH_LISTEN" "LEASH_ADMIN") -}}
{{- fail (printf "extraEnv has %s, which the chart's probes, ports and volumes would not follow: write config.listen, config.admin or existingConfigMap" .name) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraArgs -}}
{{- if regexMatch "^(--(config|server|listen|admin)(=.*)?$|-[csla])" . -}}
{{- fail (printf "extraArgs has %s, which the chart's probes, ports and volumes would not follow: write it in config" .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.secretFiles -}}
{{- if regexMatch "^/etc/leash/?$|^/etc/leash/" .mountPath -}}
{{- fail (printf "secretFiles has %s, but /etc/leash is the volume of the configuration, and nothing can be mounted in it: take another directory, such as /etc/leash-%s" .mountPath .secret) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "leash.validateMode" -}}
{{- $v := .Values -}}
{{- if eq $v.mode "sidecar" -}}
{{- if $v.networkPolicy.enabled -}}
{{- fail "networkPolicy is for the modes daemonset, deployment and holders: it covers whole pods, so beside a sidecar it belongs to the application's chart" -}}
{{- end -}}
{{- else -}}
{{- if $v.injection.enabled -}}
{{- fail (printf "injection is for mode sidecar, and mode is %s" $v.mode) -}}
{{- end -}}
{{- if not (include "leash.listenPort" .) -}}
{{- fail (printf "config.listen has only loopback addresses or sockets, which the Service of mode %s cannot reach: leave it out, or add - tcp: 0.0.0.0:11211" $v.mode) -}}
{{- end -}}
{{- end -}}
{{- if and $v.hostNetwork (ne $v.mode "daemonset") -}}
{{- fail (printf "hostNetwork is for mode daemonset: in mode %s two pods of a node would take the same port" $v.mode) -}}
{{- end -}}
{{- if and $v.hostNetwork $v.networkPolicy.enabled -}}
{{- fail "networkPolicy does not cover pods in the node's network: leave hostNetwork or networkPolicy out" -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- if ne $v.mode "deployment" -}}
{{- fail (printf "autoscaling is for mode deployment, and mode is %s" $v.mode) -}}
{{- end -}}
{{- if gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas is %d and maxReplicas is %d" (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.service.type "LoadBalancer") (not $v.service.loadBalancerSourceRanges) -}}
{{- fail "service.type is LoadBalancer, and whoever reaches it could read and write every key: name who may in service.loadBalancerSourceRanges" -}}
{{- end -}}
{{- end }}

{{/* Messages outlive a pod only where they are on a volume that does. */}}
{{- define "leash.validateQueues" -}}
{{- $v := .Values -}}
{{- $volumes := list -}}
{{- if eq $v.mode "holders" -}}
{{- $volumes = append $volumes $v.queueVolume.mountPath -}}
{{- if not (or $v.existingConfigMap $v.existingSecret (include "leash.queueDirs" . | fromJsonArray)) -}}
{{- fail (printf "mode is holders, and no route has queues to keep: write one, such as config.routes: [{prefix: \"\", queue: {dir: %s/queues}}]" $v.queueVolume.mountPath) -}}
{{- end -}}
{{- if or (ne $v.service.type "ClusterIP") $v.service.clusterIP -}}
{{- fail "mode is holders, whose Service is headless, so that each holder has a name: leave service.type and service.clusterIP out" -}}
{{- end -}}
{{- end -}}
{{- range $v.extraVolumeMounts -}}{{- $volumes = append $volumes .mountPath -}}{{- end -}}
{{- range $dir := include "leash.queueDirs" . | fromJsonArray -}}
{{- $kept := false -}}
{{- range $volumes -}}{{- if hasPrefix (printf "%s/" (trimSuffix "/" .)) $dir -}}{{- $kept = true -}}{{- end -}}{{- end -}}
{{- if not $kept -}}
{{- if eq $v.mode "holders" -}}
{{- fail (printf "the queues in %s are on no volume: take a directory below queueVolume.mountPath, such as %s/queues" $dir (trimSuffix "/" $v.queueVolume.mountPath)) -}}
{{- end -}}
{{- fail (printf "the queues in %s would be gone with their pod in mode %s: let a release of mode holders keep them, and name it here by queue: {pool: …}; or mount a volume above it with extraVolumes" $dir $v.mode) -}}
{{- end -}}
{{- end -}}
{{- end }}
