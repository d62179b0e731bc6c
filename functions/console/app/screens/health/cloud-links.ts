const CONSOLE = 'https://console.cloud.google.com';

const ofProject = (path: string, project: string): string =>
  `${CONSOLE}/${path}?project=${encodeURIComponent(project)}`;

/** The logs of a function's last hour, in Cloud Logging. */
export function logsOf(project: string, service: string): string {
  const query = `resource.type="cloud_run_revision"\nresource.labels.service_name="${service}"`;
  return ofProject(`logs/query;query=${encodeURIComponent(query)};duration=PT1H`, project);
}

export const alertsOf = (project: string): string => ofProject('monitoring/alerting', project);
export const dashboardsOf = (project: string): string => ofProject('monitoring/dashboards', project);
