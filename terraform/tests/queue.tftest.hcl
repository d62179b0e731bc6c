mock_provider "google" {}

variables {
  account    = "webhook-queue@example-project.iam.gserviceaccount.com"
  audience   = "https://licensing.example.com"
  host       = "webhook-delivery-123.europe-west1.run.app"
  name       = "countersign-webhook-deliveries"
  project_id = "example-project"
  region     = "europe-west1"
}

run "every_task_goes_to_the_service_with_the_token" {
  command = plan

  module {
    source = "./modules/queue"
  }

  assert {
    condition     = google_cloud_tasks_queue.this.http_target[0].uri_override[0].host == var.host && google_cloud_tasks_queue.this.http_target[0].uri_override[0].uri_override_enforce_mode == "ALWAYS"
    error_message = "whatever address a task names, it goes to the service"
  }

  assert {
    condition     = google_cloud_tasks_queue.this.http_target[0].oidc_token[0].audience == var.audience && google_cloud_tasks_queue.this.http_target[0].oidc_token[0].service_account_email == var.account
    error_message = "the token is the account's, for the one audience"
  }
}

run "reject_host" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    host = "https://webhook-delivery.example"
  }

  expect_failures = [var.host]
}

run "reject_concurrency" {
  command = plan

  module {
    source = "./modules/queue"
  }

  variables {
    max_concurrent_dispatches = 0
  }

  expect_failures = [var.max_concurrent_dispatches]
}
