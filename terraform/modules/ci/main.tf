# Two accounts, so that who builds cannot act: the builder runs what is installed and tested, and writes images; the
# deployer runs nothing of it but scripts/release, and changes what serves.
locals {
  registry = "${var.location}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.this.name}"
  # What has a bucket for its logs: to write to Cloud Logging takes a role on the whole project.
  accounts = toset(["builder", "deployer"])
}

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

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "${var.prefix}-${each.value}"
  display_name = each.value == "builder" ? "Installs, tests and builds; changes nothing that serves" : "Releases what was built; runs no dependency's code"
}

# The builder's: logs, sources, what each build made. The deployer's: logs, the release that is under way, what Terraform
# has applied. Neither writes to the other's.
resource "google_storage_bucket" "this" {
  for_each = local.accounts

  project                     = var.project_id
  name                        = "${var.project_id}-${var.prefix}-${each.value == "builder" ? "builds" : "releases"}"
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Not what is needed for a rollback: releases/ and state/ stay.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 90
      matches_prefix = ["log-", "source/"]
    }
  }
}

# Cloud Build asks for it on the bucket of its logs.
resource "google_storage_bucket_iam_member" "own" {
  for_each = local.accounts

  bucket = google_storage_bucket.this[each.value].name
  role   = "roles/storage.admin"
  member = google_service_account.this[each.value].member
}

resource "google_storage_bucket_iam_member" "builds" {
  bucket = google_storage_bucket.this["builder"].name
  role   = "roles/storage.objectViewer"
  member = google_service_account.this["deployer"].member
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = var.project_id
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.this["builder"].member
}

resource "google_artifact_registry_repository_iam_member" "deployer" {
  project    = var.project_id
  location   = google_artifact_registry_repository.this.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.this["deployer"].member
}

resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = var.functions

  project  = var.project_id
  location = var.region
  name     = each.value
  role     = "roles/run.developer"
  member   = google_service_account.this["deployer"].member
}

# Not where the worker's image is your own: releases have no business with it.
resource "google_cloud_run_v2_job_iam_member" "deployer" {
  for_each = toset(var.job == null ? [] : [var.job])

  project  = var.project_id
  location = var.region
  name     = each.value
  role     = "roles/run.developer"
  member   = google_service_account.this["deployer"].member
}

resource "google_service_account_iam_member" "act_as" {
  for_each = var.accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this["deployer"].member
}

# The smoke test calls as a service: with a token for our audience, of its own account.
resource "google_service_account_iam_member" "token" {
  service_account_id = google_service_account.this["deployer"].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.this["deployer"].member
}

resource "google_secret_manager_secret" "license_key" {
  project   = var.project_id
  secret_id = "${var.prefix}-smoke-license-key"

  replication {
    auto {}
  }
}

# Until there is a licence to test with; scripts/create.sh adds the version that has its key.
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
  member    = google_service_account.this["deployer"].member
}
