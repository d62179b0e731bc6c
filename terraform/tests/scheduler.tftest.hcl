mock_provider "google" {}

variables {
  account    = "scheduler@example-project.iam.gserviceaccount.com"
  audience   = "https://licensing.example.com"
  jobs       = { reap = { schedule = "* * * * *", url = "https://session-reaper.example/internal/sessions/reap" } }
  prefix     = "countersign"
  project_id = "example-project"
  region     = "europe-west1"
}

run "sends_a_token_for_the_one_audience" {
  command = plan

  module {
    source = "./modules/scheduler"
  }

  assert {
    condition     = google_cloud_scheduler_job.this["reap"].http_target[0].oidc_token[0].audience == "https://licensing.example.com" && google_cloud_scheduler_job.this["reap"].http_target[0].oidc_token[0].service_account_email == var.account
    error_message = "the audience is fixed: left out, it would be the address"
  }

  assert {
    condition     = google_cloud_scheduler_job.this["reap"].attempt_deadline == "60s"
    error_message = "a run has a minute"
  }
}

run "reject_deadline" {
  command = plan

  module {
    source = "./modules/scheduler"
  }

  variables {
    jobs = { reap = { deadline_seconds = 5, schedule = "* * * * *", url = "https://session-reaper.example/" } }
  }

  expect_failures = [var.jobs]
}

run "reject_schedule" {
  command = plan

  module {
    source = "./modules/scheduler"
  }

  variables {
    jobs = { reap = { schedule = "every minute", url = "https://session-reaper.example/" } }
  }

  expect_failures = [var.jobs]
}
