resource "google_artifact_registry_repository" "this" {
  project       = var.project_id
  location      = var.location
  repository_id = var.prefix
  format        = "DOCKER"
  description   = "Images of the functions."

  # Enough to roll back to, whatever their age.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }
}

resource "google_service_account" "deployer" {
  project      = var.project_id
  account_id   = "${var.prefix}-deployer"
  display_name = "Builds, tests and deploys the functions"
}

# Logs in a bucket of our own: to write to Cloud Logging takes a role on the whole project.
resource "google_storage_bucket" "logs" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.prefix}-builds"
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 90
    }
  }
}

resource "google_storage_bucket_iam_member" "logs" {
  bucket = google_storage_bucket.logs.name
  role   = "roles/storage.admin"
  member = google_service_account.deployer.member
}

resource "google_artifact_registry_repository_iam_member" "deployer" {
  project    = var.project_id
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer.member
}

resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = var.functions

  project  = var.project_id
  location = var.location
  name     = each.value
  role     = "roles/run.developer"
  member   = google_service_account.deployer.member
}

resource "google_cloud_run_v2_job_iam_member" "deployer" {
  project  = var.project_id
  location = var.location
  name     = var.job
  role     = "roles/run.developer"
  member   = google_service_account.deployer.member
}

resource "google_service_account_iam_member" "act_as" {
  for_each = var.accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

# The smoke test calls as a service: with a token for our audience, of its own account.
resource "google_service_account_iam_member" "token" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.deployer.member
}

resource "google_secret_manager_secret" "license_key" {
  project   = var.project_id
  secret_id = "${var.prefix}-smoke-license-key"

  replication {
    auto {}
  }
}

# Until there is a licence to test with; later versions are added by hand.
resource "google_secret_manager_secret_version" "license_key" {
  secret      = google_secret_manager_secret.license_key.id
  secret_data = "none"

  lifecycle {
    ignore_changes = [enabled, secret_data]
  }
}

resource "google_secret_manager_secret_iam_member" "license_key" {
  project   = var.project_id
  secret_id = google_secret_manager_secret.license_key.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.deployer.member
}

resource "google_cloudbuild_trigger" "deploy" {
  count = var.repository == null ? 0 : 1

  project         = var.project_id
  location        = var.location
  name            = "${var.prefix}-deploy"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.deployer.id

  repository_event_config {
    repository = var.repository
    push {
      branch = var.branch
    }
  }

  substitutions = {
    _AUDIENCE      = var.audience
    _CANDIDATE_URL = coalesce(var.candidate_url, "none")
    _DEPLOYER      = google_service_account.deployer.email
    _LOGS_BUCKET   = google_storage_bucket.logs.url
    _REGION        = var.location
    _REGISTRY      = "${var.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.this.name}"
    _SMOKE_SECRET  = "${google_secret_manager_secret.license_key.name}/versions/latest"
  }
}

resource "google_cloudbuild_trigger" "terraform" {
  count = var.repository == null || var.terraform_account == null ? 0 : 1

  project         = var.project_id
  location        = var.location
  name            = "${var.prefix}-terraform"
  filename        = "terraform/cloudbuild.yaml"
  included_files  = ["terraform/**"]
  service_account = "projects/${var.project_id}/serviceAccounts/${var.terraform_account}"

  approval_config {
    approval_required = true
  }

  repository_event_config {
    repository = var.repository
    push {
      branch = var.branch
    }
  }
}
