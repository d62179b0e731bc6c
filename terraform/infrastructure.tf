# What has been applied, for releases to wait for: the files that are written from the code, as they were at this apply.
# Last, when all that they ask for is there.
resource "google_storage_bucket_object" "infrastructure" {
  bucket       = module.ci.releases_bucket_name
  name         = "state/infrastructure.json"
  content_type = "application/json"
  content      = jsonencode({ for file in ["buckets.json", "environment.json", "indexes.json", "rights.json", "routes.json"] : file => jsondecode(file("${path.module}/${file}")) })

  depends_on = [
    google_cloud_run_v2_job_iam_member.job,
    google_kms_crypto_key_iam_member.key,
    google_project_iam_member.database,
    google_project_iam_member.project,
    google_service_account_iam_member.account,
    google_storage_bucket_iam_member.bucket,
    module.edge,
    module.firestore,
    module.function,
    module.keys_database,
    module.scheduler,
    module.storage,
  ]
}
