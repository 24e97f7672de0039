{{- define "pail.name" -}}
{{- if eq .Release.Name "pail" -}}
pail
{{- else -}}
{{- printf "%s-pail" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pail.selector" -}}
app.kubernetes.io/name: pail
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pail.labels" -}}
{{ include "pail.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "pail.account" -}}
{{- .Values.serviceAccount.name | default (include "pail.name" .) -}}
{{- end -}}

{{/* The port that a scheme is listened on, by PAIL_LISTEN; "": none. */}}
{{- define "pail.port" -}}
{{- $url := regexFind (printf "\\b%s://[^, ]*:[0-9]+" .scheme) .listen -}}
{{- regexFind "[0-9]+$" $url -}}
{{- end -}}

{{/* How probes and Prometheus ask: https, or http if only that is there. */}}
{{- define "pail.http" -}}
{{- $listen := .Values.config.PAIL_LISTEN -}}
{{- if include "pail.port" (dict "scheme" "https" "listen" $listen) -}}
https
{{- else if include "pail.port" (dict "scheme" "http" "listen" $listen) -}}
http
{{- else -}}
{{- fail "config.PAIL_LISTEN: the probes need https://*:PORT" -}}
{{- end -}}
{{- end -}}
