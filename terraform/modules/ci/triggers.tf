# A push is built by itself; what was built is released, and what terraform/ says is applied, after an approval.
locals {
  substitutions = {
    build = {
      _BUILDS_BUCKET = google_storage_bucket.this["builder"].url
      _REGISTRY      = local.registry
    }
    release = {
      _AUDIENCE        = var.audience
      _BUILDS_BUCKET   = google_storage_bucket.this["builder"].url
      _CANDIDATE_URL   = coalesce(var.candidate_url, "none")
      _DEPLOYER        = google_service_account.this["deployer"].email
      _JOB             = coalesce(var.job, "none")
      _PROJECT         = var.project_id
      _REGION          = var.region
      _REGISTRY        = local.registry
      _RELEASES_BUCKET = google_storage_bucket.this["deployer"].url
      _SMOKE_SECRET    = "${google_secret_manager_secret.license_key.name}/versions/latest"
    }
  }
}

resource "google_cloudbuild_trigger" "build" {
  count = var.repository == null ? 0 : 1

  project         = var.project_id
  location        = var.region
  name            = "${var.prefix}-build"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.this["builder"].id
  substitutions   = local.substitutions.build

  repository_event_config {
    repository = var.repository
    push {
      branch = var.branch
    }
  }
}

# Cloud Build tells of every build on the topic of this name, once it is there.
resource "google_pubsub_topic" "builds" {
  count = var.repository == null ? 0 : 1

  project = var.project_id
  name    = "cloud-builds"
}

resource "google_cloudbuild_trigger" "release" {
  count = var.repository == null ? 0 : 1

  project         = var.project_id
  location        = var.region
  name            = "${var.prefix}-release"
  service_account = google_service_account.this["deployer"].id
  filter          = "_STATUS == \"SUCCESS\" && _TRIGGER == \"${google_cloudbuild_trigger.build[0].trigger_id}\""

  substitutions = merge(local.substitutions.release, {
    _BUILD   = "$(body.message.attributes.buildId)"
    _STATUS  = "$(body.message.attributes.status)"
    _TRIGGER = "$(body.message.data.buildTriggerId)"
  })

  approval_config {
    approval_required = true
  }

  pubsub_config {
    topic = google_pubsub_topic.builds[0].id
  }

  # The steps of a release are those of the branch, not of what was built.
  git_file_source {
    path       = "cloudbuild.release.yaml"
    repository = var.repository
    revision   = var.release_ref
    repo_type  = "GITHUB"
  }

  source_to_build {
    repository = var.repository
    ref        = var.release_ref
    repo_type  = "GITHUB"
  }
}

resource "google_cloudbuild_trigger" "terraform" {
  count = var.repository == null || var.terraform_account == null ? 0 : 1

  project         = var.project_id
  location        = var.region
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
