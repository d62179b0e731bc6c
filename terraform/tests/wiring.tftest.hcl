mock_provider "google" {}

variables {
  domain     = "licensing.example.com"
  project_id = "example-project"
  region     = "europe-west1"
}

run "one_service_and_one_account_a_function" {
  command = plan

  assert {
    condition     = toset(keys(module.function)) == toset(keys(local.functions)) && length(setsubtract(keys(local.functions), keys(google_service_account.this))) == 0
    error_message = "each function is a service, and runs as an account of its own"
  }

  assert {
    condition     = length(distinct([for account in google_service_account.this : account.account_id])) == length(local.accounts)
    error_message = "no two share an account"
  }
}

run "binds_on_the_thing_itself" {
  command = plan

  assert {
    condition     = [for binding in google_project_iam_member.database : binding.role if length(binding.condition) == 0] == []
    error_message = "every role on the project is held to the one database"
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.signing_key) == ["key-rotation/rotate", "license-signing/read", "license-signing/sign", "public-keys/read", "seats/read", "seats/sign"]
    error_message = "who signs is seats and license-signing"
  }

  assert {
    condition     = google_kms_crypto_key_iam_member.payload_key["europe-west1 task-worker/open"].role == "roles/cloudkms.cryptoKeyDecrypter" && google_kms_crypto_key_iam_member.payload_key["europe-west1 task-payloads/seal"].role == "roles/cloudkms.cryptoKeyEncrypter"
    error_message = "who seals cannot open, who opens cannot seal"
  }
}

run "an_hsm_signs_for_all_instances" {
  command = plan

  variables {
    signing_protection_level = "HSM"
    scaling                  = { seats = { max_instances = 10 } }
  }

  # 214 a minute, for ten of seats and twenty of license-signing.
  assert {
    condition     = local.signatures_an_instance == 7
    error_message = "the instances together stay within KMS's quota"
  }
}

run "a_restored_database" {
  command = plan

  variables {
    serving_database = "restored"
  }

  assert {
    condition     = local.database == "restored" && alltrue([for binding in google_project_iam_member.database : strcontains(binding.condition[0].expression, "projects/example-project/databases/restored")])
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
    condition     = google_project_iam_custom_role.key_reader.project == "example-keys" && google_project_iam_custom_role.payload_sealer.project == "example-project"
    error_message = "a custom role belongs to the project of what it is bound on"
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.payload_key) == ["europe-west1 task-payloads/seal", "europe-west1 task-worker/open", "europe-west4 task-payloads/seal", "europe-west4 task-worker/open"]
    error_message = "payloads can be opened with the key of each region"
  }

  assert {
    condition     = toset(keys(module.audit)) == toset(["example-keys", "example-project"])
    error_message = "the use of keys is recorded where they are"
  }
}

run "schedules_what_the_route_table_says" {
  command = plan

  assert {
    condition     = length(local.routes.internal) > 0 && alltrue([for path, service in local.routes.internal : contains([for job in local.schedule : "${job.function} ${job.path}"], "${service} ${path}")])
    error_message = "each internal route is called by the scheduler"
  }

  assert {
    condition     = length(setsubtract(values(local.routes.public), keys(local.functions))) == 0
    error_message = "every path of the load balancer leads to a function"
  }
}
