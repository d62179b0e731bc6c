mock_provider "google" {}

variables {
  account     = "seats@example-project.iam.gserviceaccount.com"
  environment = { PROJECT_ID = "example-project", MAX_UPLOAD_BYTES = null }
  image       = "example/image"
  name        = "seats"
  project_id  = "example-project"
  region      = "europe-west1"
}

run "is_reached_through_the_load_balancer_alone" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" && google_cloud_run_v2_service.this.invoker_iam_disabled
    error_message = "ingress is the load balancer's and the project's; callers are authenticated by the function"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].service_account == var.account
    error_message = "it runs as its own account"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].http_get[0].path == "/health"
    error_message = "it is asked whether it is healthy"
  }

  assert {
    condition     = [for variable in google_cloud_run_v2_service.this.template[0].containers[0].env : variable.name] == ["PROJECT_ID"]
    error_message = "a variable without a value is left out"
  }
}

run "is_of_the_second_generation" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    memory = "1Gi"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].execution_environment == "EXECUTION_ENVIRONMENT_GEN2"
    error_message = "the first generation is for what is too small for the second"
  }
}

run "is_of_the_first_generation_below_512_mib" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    memory = "256Mi"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].execution_environment == "EXECUTION_ENVIRONMENT_GEN1"
    error_message = "the second generation has no instance below 512 MiB"
  }
}

run "has_secrets_by_reference_alone" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    secrets = { IMPORTED_KEY_PEPPER = { secret = "countersign-imported-key-pepper" } }
  }

  assert {
    condition = [
      for variable in google_cloud_run_v2_service.this.template[0].containers[0].env : variable.value_source[0].secret_key_ref[0]
      if variable.name == "IMPORTED_KEY_PEPPER"
    ][0].version == "1"
    error_message = "a secret is its first version, and its value is in no plan"
  }
}

# A precondition, and no validation: the values are known with the plan.
run "does_not_start_without_what_it_requires" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    required = ["MAX_UPLOAD_BYTES"]
  }

  expect_failures = [google_cloud_run_v2_service.this]
}

run "reject_concurrency" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    concurrency = 1001
  }

  expect_failures = [var.concurrency]
}

run "reject_half_a_cpu" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    cpu = "0.5"
  }

  expect_failures = [var.cpu]
}

run "reject_max_instances" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    max_instances = 0
  }

  expect_failures = [var.max_instances]
}

run "reject_memory" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    memory = "512MB"
  }

  expect_failures = [var.memory]
}

run "reject_min_instances" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    min_instances = -1
  }

  expect_failures = [var.min_instances]
}

run "reject_timeout" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    timeout_seconds = 3601
  }

  expect_failures = [var.timeout_seconds]
}
