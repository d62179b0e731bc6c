mock_provider "google" {}

variables {
  account           = "task-worker@example-project.iam.gserviceaccount.com"
  environment       = {}
  name              = "task-worker"
  placeholder_image = "example/image"
  project_id        = "example-project"
  region            = "europe-west1"
}

run "keeps_the_payload_for_a_second_try" {
  command = plan

  module {
    source = "./modules/job"
  }

  assert {
    condition     = google_cloud_run_v2_job.released[0].template[0].template[0].max_retries == 1 && google_cloud_run_v2_job.released[0].template[0].template[0].timeout == "3600s"
    error_message = "one more try, and longer than the worker's own deadline of 3,300 s"
  }

  assert {
    condition     = output.resource_name == "projects/example-project/locations/europe-west1/jobs/task-worker"
    error_message = "the job is started by its resource name"
  }
}

run "an_image_of_your_own_is_no_releases_business" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    image = "example/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = google_cloud_run_v2_job.own[0].template[0].template[0].containers[0].image == var.image && length(google_cloud_run_v2_job.released) == 0 && output.released == null
    error_message = "Terraform sets it, and the pipeline knows of no job"
  }

  assert {
    condition     = output.name == "task-worker-own"
    error_message = "another name: the new job is there before the old one goes"
  }
}

run "reject_image_by_tag" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    image = "example/worker:latest"
  }

  expect_failures = [var.image]
}

run "reject_half_a_cpu" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    cpu = "0.5"
  }

  expect_failures = [var.cpu]
}

run "reject_max_retries" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    max_retries = 11
  }

  expect_failures = [var.max_retries]
}

run "reject_memory" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    memory = "1G"
  }

  expect_failures = [var.memory]
}

run "reject_timeout" {
  command = plan

  module {
    source = "./modules/job"
  }

  variables {
    timeout_seconds = 59
  }

  expect_failures = [var.timeout_seconds]
}
