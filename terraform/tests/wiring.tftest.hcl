# Planned only: what is protected cannot be torn down again, by a test neither. The accounts' emails are known for that.
mock_provider "google" {
  override_during = plan

  mock_resource "google_service_account" {
    defaults = {
      email  = "account@example-project.iam.gserviceaccount.com"
      member = "serviceAccount:account@example-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  domain     = "licensing.example.com"
  project_id = "example-project"
  region     = "europe-west1"
}

run "one_service_and_one_account_a_function" {
  command = plan

  assert {
    condition     = toset(keys(module.function)) == toset(local.functions) && length(setsubtract(local.functions, keys(google_service_account.this))) == 0
    error_message = "each function is a service, and runs as an account of its own"
  }

  assert {
    condition     = length(distinct([for account in google_service_account.this : account.account_id])) == length(local.account_names)
    error_message = "no two share an account"
  }

  assert {
    condition     = local.functions == setsubtract(keys(jsondecode(file("environment.json"))), ["task-worker"])
    error_message = "the functions are those of the code"
  }
}

run "binds_what_the_code_says" {
  command = plan

  assert {
    condition = toset(concat(
      [for key, grant in local.key_grants : grant.grant], keys(google_storage_bucket_iam_member.bucket), keys(google_cloud_run_v2_job_iam_member.job),
      keys(google_service_account_iam_member.account), keys(google_project_iam_member.database), keys(google_project_iam_member.project),
      keys(google_cloud_tasks_queue_iam_member.queue),
    )) == toset(keys(local.grants))
    error_message = "every right of rights.json is bound, and no other"
  }

  assert {
    condition     = alltrue([for grant, role in google_project_iam_custom_role.this : toset(role.permissions) == toset(local.grants[grant].permissions)])
    error_message = "each by a role of those permissions and no others"
  }

  assert {
    condition     = [for binding in google_project_iam_member.database : binding.role if length(binding.condition) == 0] == []
    error_message = "every role on the project is held to the one database"
  }

  assert {
    condition     = alltrue([for key, grant in local.key_grants : contains(["task-worker", "webhook-delivery"], grant.account) || !contains(grant.permissions, "cloudkms.cryptoKeyVersions.useToDecrypt")])
    error_message = "nobody but the worker opens payloads, and the dispatcher webhook secrets"
  }

  assert {
    condition     = !contains(values(local.key_grants)[*].key, "license-root")
    error_message = "no account has any right on the root"
  }
}

run "an_hsm_signs_for_all_instances" {
  command = plan

  variables {
    signing_keys = { license-signing = { protection_level = "HSM" } }
    scaling      = { seats = { max_instances = 10 } }
  }

  assert {
    condition     = tostring(local.environments["seats"].KMS_SIGNATURES_PER_MINUTE) == "214" && tostring(local.environments["license-signing"].KMS_SIGNATURES_PER_MINUTE) == "214"
    error_message = "each instance knows the whole quota, of which all lease their slices"
  }
}

run "a_restored_database" {
  command = plan

  variables {
    serving_database = "restored"
  }

  assert {
    condition     = local.database == "restored" && alltrue([for grant, binding in google_project_iam_member.database : strcontains(binding.condition[0].expression, "projects/example-project/databases/restored") if local.grants[grant].thing == "database"])
    error_message = "the functions use it, and their rights go with them"
  }
}

run "keys_in_another_project" {
  command = plan

  variables {
    keys_project_id     = "example-keys"
    payload_key_regions = ["europe-west1", "europe-west4"]
  }

  assert {
    condition     = google_project_iam_custom_role.this["seats signing_key"].project == "example-keys" && google_project_iam_custom_role.this["task-payloads payload_bucket"].project == "example-project"
    error_message = "a custom role belongs to the project of what it is bound on"
  }

  assert {
    condition     = [for key in keys(google_kms_crypto_key_iam_member.key) : key if strcontains(key, "task-payloads ")] == ["task-payloads task-payloads europe-west1", "task-payloads task-payloads europe-west4", "task-worker task-payloads europe-west1", "task-worker task-payloads europe-west4"]
    error_message = "payloads can be opened with the key of each region"
  }

  assert {
    condition     = toset(keys(module.audit)) == toset(["example-keys", "example-project"])
    error_message = "the use of keys is recorded where they are"
  }
}

# Neither can be changed back: Google moves no bucket and unlocks none.
run "keeps_the_audit_records_whatever_else_changes" {
  command = plan

  variables {
    deletion_protection = false
    keys_location       = "europe-west1"
    region              = "europe-west4"
    storage_location    = "europe-west1"
  }

  assert {
    condition     = module.audit["example-project"].location == "global" && module.audit["example-project"].locked
    error_message = "neither another region nor an environment that is taken down touches the bucket"
  }
}

run "tells_each_function_the_accounts_that_concern_it" {
  command = plan

  variables {
    service_accounts = {
      "shop@example.iam.gserviceaccount.com"   = ["licenses", "sign"]
      "upload@example.iam.gserviceaccount.com" = ["urls:ten_1", "urls:ten_2"]
    }
  }

  assert {
    condition     = local.environments["admin"]["SERVICE_ACCOUNTS"] == "shop@example.iam.gserviceaccount.com=licenses"
    error_message = "administration knows who may change licences, and not the deployer"
  }

  assert {
    condition     = local.environments["signed-urls"]["SERVICE_ACCOUNTS"] == "upload@example.iam.gserviceaccount.com=urls:ten_1+urls:ten_2"
    error_message = "uploads may be narrowed to tenants"
  }

  assert {
    condition     = local.environments["seats"]["SERVICE_ACCOUNTS"] == "shop@example.iam.gserviceaccount.com=licenses" && strcontains(local.environments["license-signing"]["SERVICE_ACCOUNTS"], "${module.ci.deployer}=sign")
    error_message = "seats knows who may borrow for a machine; the smoke test may sign"
  }
}

run "settings_of_the_code" {
  command = plan

  variables {
    settings = {}
    scaling  = { seats = { max_instances = 50, min_instances = 0 } }
  }

  assert {
    condition     = local.sizes["seats"].max_instances == 50 && local.sizes["seats"].min_instances == 0 && local.sizes["seats"].concurrency == 500
    error_message = "what scaling does not name stays as declared, and zero is a number"
  }
}

run "schedules_what_the_route_table_says" {
  command = plan

  assert {
    condition     = length(local.schedule) + length(local.queued) + length(local.pushed) == length(local.routes.internal) && length(local.schedule) > 0
    error_message = "each internal route is called by the scheduler, a queue or a push"
  }

  assert {
    condition     = length(setsubtract(values(local.routes.public), local.functions)) == 0
    error_message = "every path of the load balancer leads to a function"
  }
}

run "the_worker_runs_what_its_image_says" {
  command = plan

  variables {
    worker_image = "example/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = local.worker_environment["WORKER_COMMAND"] == null && module.worker.name == "task-worker-own"
    error_message = "without a command, the image's own variable is left alone"
  }
}

run "a_command_replaces_what_the_image_says" {
  command = plan

  variables {
    worker_command = ["/usr/bin/python3", "-m", "task"]
  }

  assert {
    condition     = jsondecode(local.worker_environment["WORKER_COMMAND"]) == ["/usr/bin/python3", "-m", "task"]
    error_message = "program and arguments as a JSON array"
  }
}
