mock_provider "google" {}

variables {
  accounts   = { seats = "projects/example-project/serviceAccounts/seats@example-project.iam.gserviceaccount.com" }
  audience   = "https://licensing.example.com"
  functions  = ["seats"]
  job        = "task-worker"
  location   = "europe-west1"
  prefix     = "countersign"
  project_id = "example-project"
}

run "builds_by_hand_without_a_repository" {
  command = plan

  module {
    source = "./modules/ci"
  }

  assert {
    condition     = length(google_cloudbuild_trigger.deploy) == 0 && length(google_cloudbuild_trigger.terraform) == 0
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
    condition     = google_cloudbuild_trigger.terraform[0].service_account != google_cloudbuild_trigger.deploy[0].service_account
    error_message = "who deploys cannot change rights"
  }
}

run "deploys_and_no_more" {
  command = plan

  module {
    source = "./modules/ci"
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.deployer["seats"].role == "roles/run.developer" && keys(google_service_account_iam_member.act_as) == ["seats"]
    error_message = "it may deploy each service, and hand out the accounts they run as"
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
