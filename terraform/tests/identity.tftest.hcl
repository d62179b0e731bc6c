mock_provider "google" {}

variables {
  project_id = "example-project"
}

run "signs_in_with_google_and_github" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    oauth_clients = {
      "github.com" = { client_id = "id", client_secret = "secret" }
      "google.com" = { client_id = "id", client_secret = "secret", enabled = false }
    }
  }

  assert {
    condition     = google_identity_platform_default_supported_idp_config.this["github.com"].enabled && !google_identity_platform_default_supported_idp_config.this["google.com"].enabled
    error_message = "each provider is switched by itself"
  }

  assert {
    condition     = !google_identity_platform_config.this.sign_in[0].anonymous[0].enabled
    error_message = "nobody signs in without a name"
  }
}

run "reject_unknown_provider" {
  command = plan

  module {
    source = "./modules/identity"
  }

  variables {
    oauth_clients = { "facebook.com" = { client_id = "id", client_secret = "secret" } }
  }

  expect_failures = [var.oauth_clients]
}
