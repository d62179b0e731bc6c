output "address" {
  description = "IPv4 address that the A records of all hosts must point to."
  value       = module.edge.address
}

output "audience" {
  description = "Audience of service tokens."
  value       = local.audience
}

output "builder" {
  description = "Email of the account that builds."
  value       = module.ci.builder
}

output "dashboard" {
  description = "Resource name of the dashboard."
  value       = module.monitoring.dashboard
}

output "deployer" {
  description = "Email of the account that releases."
  value       = module.ci.deployer
}

output "keys" {
  description = "Resource names of the keys, by name."
  value       = { for name, key in module.key : name => key.id }
}

output "project_id" {
  description = "Project of the services."
  value       = var.project_id
}

output "records" {
  description = "DNS records to set: name, type, data."
  value       = module.edge.records
}

output "region" {
  description = "Region of the services."
  value       = var.region
}

output "registry" {
  description = "What the names of images begin with."
  value       = module.ci.registry
}

output "scheduler_jobs" {
  description = "Names of the scheduled jobs, by which they are run by hand."
  value       = module.scheduler.jobs
}

output "services" {
  description = "Addresses of the services within the project, once their accounts may do what they must."
  value       = { for name, function in module.function : name => function.uri }

  precondition {
    condition     = length(setintersection(keys(var.settings), keys(merge(local.values, local.late_values, { SERVICE_ACCOUNTS = "" })))) == 0
    error_message = "settings names a variable that has a value in environment.tf; use the Terraform variable of that value."
  }

  depends_on = [
    google_cloud_run_v2_job_iam_member.job,
    google_kms_crypto_key_iam_member.key,
    google_project_iam_member.database,
    google_project_iam_member.project,
    google_service_account_iam_member.account,
    google_storage_bucket_iam_member.bucket,
  ]
}

output "signing_key" {
  description = "Resource name of the licence signing key."
  value       = module.key[var.signing_key].id
}

output "smoke_secret" {
  description = "Name of the secret with the licence key of the smoke test."
  value       = module.ci.smoke_secret
}

output "substitutions" {
  description = "What cloudbuild.yaml (build) and cloudbuild.release.yaml (release) are run with."
  value       = module.ci.substitutions
}
