output "address" {
  description = "IPv4 address that the A records of domain and candidate_domain must point to."
  value       = module.edge.address
}

output "audience" {
  description = "Audience of service tokens."
  value       = local.audience
}

output "build_substitutions" {
  description = "What cloudbuild.yaml is run with by hand."
  value = join(",", [
    "_AUDIENCE=${local.audience}",
    "_CANDIDATE_URL=${var.candidate_domain == null ? "none" : "https://${var.candidate_domain}"}",
    "_DEPLOYER=${module.ci.deployer}",
    "_LOGS_BUCKET=${module.ci.logs_bucket}",
    "_REGION=${var.region}",
    "_REGISTRY=${module.ci.registry}",
    "_SMOKE_SECRET=${module.ci.smoke_secret}",
  ])
}

output "dashboard" {
  description = "Resource name of the dashboard."
  value       = module.monitoring.dashboard
}

output "deployer" {
  description = "Email of the account that builds and deploys."
  value       = module.ci.deployer
}

output "logs_bucket" {
  description = "Where builds log to, gs://…"
  value       = module.ci.logs_bucket
}

output "project_id" {
  description = "Project of the services."
  value       = var.project_id
}

output "region" {
  description = "Region of the services."
  value       = var.region
}

output "scheduler_jobs" {
  description = "Names of the scheduled jobs, by which they are run by hand."
  value       = module.scheduler.jobs
}

output "services" {
  description = "Addresses of the services within the project, once their accounts may do what they must."
  value       = { for name, function in module.function : name => function.uri }
  depends_on = [
    google_cloud_run_v2_job_iam_member.worker_job,
    google_kms_crypto_key_iam_member.payload_key,
    google_kms_crypto_key_iam_member.signing_key,
    google_project_iam_member.database,
    google_project_iam_member.users,
    google_service_account_iam_member.dispatcher_account,
    google_service_account_iam_member.signed_urls_account,
    google_storage_bucket_iam_member.payload_bucket,
    google_storage_bucket_iam_member.upload_bucket,
  ]
}

output "signing_key" {
  description = "Resource name of the licence signing key."
  value       = module.signing_key.id
}
