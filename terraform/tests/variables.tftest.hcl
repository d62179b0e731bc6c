mock_provider "google" {}

variables {
  domain     = "licensing.example.com"
  project_id = "example-project"
  region     = "europe-west1"
}

run "reject_allowed_content_types" {
  command = plan

  variables {
    allowed_content_types = ["png"]
  }

  expect_failures = [var.allowed_content_types]
}

run "reject_half_a_byte" {
  command = plan

  variables {
    max_upload_bytes = 0.5
  }

  expect_failures = [var.max_upload_bytes]
}

run "reject_long_prefix" {
  command = plan

  variables {
    name_prefix = "countersign-production"
  }

  expect_failures = [var.name_prefix]
}

run "reject_keys_that_sign_before_they_are_known" {
  command = plan

  variables {
    key_periods = { publish_before_signing_hours = 1 }
  }

  expect_failures = [var.key_periods]
}

run "reject_region_twice" {
  command = plan

  variables {
    payload_key_regions = ["europe-west1", "europe-west1"]
  }

  expect_failures = [var.payload_key_regions]
}

run "reject_portal_in_any_frame" {
  command = plan

  variables {
    portal = { frame_ancestors = ["https://*"] }
  }

  expect_failures = [var.portal]
}

run "reject_portal_in_words" {
  command = plan

  variables {
    portal = { accent = "green" }
  }

  expect_failures = [var.portal]
}

run "reject_project_number" {
  command = plan

  variables {
    project_id = "123456789"
  }

  expect_failures = [var.project_id]
}

run "reject_rate_limit" {
  command = plan

  variables {
    rate_limit_per_hour = 0
  }

  expect_failures = [var.rate_limit_per_hour]
}

run "reject_zone" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "reject_scaling_of_nothing" {
  command = plan

  variables {
    scaling = { seat = { min_instances = 1 } }
  }

  expect_failures = [var.scaling]
}

run "reject_users_as_services" {
  command = plan

  variables {
    service_accounts = { "somebody@example.com" = ["sign"] }
  }

  expect_failures = [var.service_accounts]
}

run "reject_scope" {
  command = plan

  variables {
    service_accounts = { "shop@example.iam.gserviceaccount.com" = ["everything"] }
  }

  expect_failures = [var.service_accounts]
}

run "reject_setting_that_nothing_reads" {
  command = plan

  variables {
    settings = { LEASE_MINUTES = "6" }
  }

  expect_failures = [var.settings]
}

# No validation: a variable cannot ask for values that come after it.
run "refuses_a_setting_that_has_its_variable" {
  command = plan

  variables {
    settings = { SIGNING_KEY = "projects/example" }
  }

  expect_failures = [output.services]
}

run "reject_signing_key_that_is_not_there" {
  command = plan

  variables {
    signing_key = "license-signing-hsm"
  }

  expect_failures = [var.signing_key]
}

run "reject_signing_key_named_root" {
  command = plan

  variables {
    signing_keys = { license-signing = { protection_level = "SOFTWARE" }, license-root = { protection_level = "HSM" } }
  }

  expect_failures = [var.signing_keys]
}

run "reject_no_signatures" {
  command = plan

  variables {
    signatures_per_minute = 0
  }

  expect_failures = [var.signatures_per_minute]
}

run "reject_stranger_limit" {
  command = plan

  variables {
    stranger_limit_per_hour = 1.5
  }

  expect_failures = [var.stranger_limit_per_hour]
}

run "reject_stripe_grace" {
  command = plan

  variables {
    stripe_grace_days = 400
  }

  expect_failures = [var.stripe_grace_days]
}

run "reject_unsigned_fallback" {
  command = plan

  variables {
    unsigned_fallback = "yes"
  }

  expect_failures = [var.unsigned_fallback]
}

run "reject_no_command" {
  command = plan

  variables {
    worker_command = []
  }

  expect_failures = [var.worker_command]
}
