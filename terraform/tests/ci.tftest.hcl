mock_provider "google" {}

variables {
  accounts   = { seats = "projects/example-project/serviceAccounts/seats@example-project.iam.gserviceaccount.com" }
  audience   = "https://licensing.example.com"
  functions  = ["seats"]
  job        = "task-worker"
  location   = "europe-west1"
  prefix     = "countersign"
  project_id = "example-project"
  region     = "europe-west1"
}

run "builds_by_hand_without_a_repository" {
  command = plan

  module {
    source = "./modules/ci"
  }

  assert {
    condition     = length(google_cloudbuild_trigger.build) == 0 && length(google_cloudbuild_trigger.release) == 0 && length(google_cloudbuild_trigger.terraform) == 0
    error_message = "no repository, no trigger"
  }
}

run "applies_after_an_approval" {
  command = apply

  module {
    source = "./modules/ci"
  }

  variables {
    repository        = "projects/example-project/locations/europe-west1/connections/github/repositories/countersign"
    terraform_account = "terraform@example-project.iam.gserviceaccount.com"
  }

  assert {
    condition     = google_cloudbuild_trigger.terraform[0].approval_config[0].approval_required
    error_message = "somebody looks at what Terraform is going to do"
  }

  assert {
    condition     = google_cloudbuild_trigger.release[0].approval_config[0].approval_required
    error_message = "somebody looks at what is going to serve"
  }

  assert {
    condition     = length(distinct([google_cloudbuild_trigger.build[0].service_account, google_cloudbuild_trigger.release[0].service_account, google_cloudbuild_trigger.terraform[0].service_account])) == 3
    error_message = "who builds cannot deploy, and who deploys cannot change rights"
  }

  assert {
    condition     = google_cloudbuild_trigger.release[0].git_file_source[0].path == "cloudbuild.release.yaml" && google_cloudbuild_trigger.release[0].source_to_build[0].ref == "refs/heads/main"
    error_message = "the steps of a release are those of the protected branch"
  }
}

run "deploys_and_no_more" {
  command = apply

  module {
    source = "./modules/ci"
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.deployer["seats"].role == "roles/run.developer" && keys(google_service_account_iam_member.act_as) == ["seats"]
    error_message = "it may deploy each service, and hand out the accounts they run as"
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.deployer.role == "roles/artifactregistry.reader"
    error_message = "who deploys makes no images"
  }
}

run "builds_and_cannot_act" {
  command = apply

  module {
    source = "./modules/ci"
  }

  assert {
    condition = alltrue([
      for binding in concat(
        values(google_cloud_run_v2_service_iam_member.deployer),
        values(google_cloud_run_v2_job_iam_member.deployer),
        values(google_service_account_iam_member.act_as),
        [google_service_account_iam_member.token, google_secret_manager_secret_iam_member.license_key],
      ) : binding.member == google_service_account.this["deployer"].member
    ])
    error_message = "the builder neither deploys nor acts as anybody nor reads the licence key"
  }

  assert {
    condition     = google_storage_bucket_iam_member.own["builder"].bucket != google_storage_bucket_iam_member.own["deployer"].bucket && google_storage_bucket_iam_member.builds.role == "roles/storage.objectViewer"
    error_message = "neither writes to the other's bucket"
  }
}

run "leaves_a_worker_of_your_own_alone" {
  command = apply

  module {
    source = "./modules/ci"
  }

  variables {
    job = null
  }

  assert {
    condition     = length(google_cloud_run_v2_job_iam_member.deployer) == 0 && output.substitutions.release._JOB == "none"
    error_message = "releases have no right on that job"
  }
}

run "reject_repository" {
  command = plan

  module {
    source = "./modules/ci"
  }

  variables {
    repository = "github.com/example/countersign"
  }

  expect_failures = [var.repository]
}
