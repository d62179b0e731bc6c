mock_provider "google" {
  mock_data "google_storage_project_service_account" {
    defaults = {
      member = "serviceAccount:storage@example-project.iam.gserviceaccount.com"
    }
  }
}

variables {
  account    = "countersign-upload-push@example-project.iam.gserviceaccount.com"
  audience   = "https://licensing.example.com"
  bucket     = "example-uploads"
  name       = "countersign-upload-completed"
  project_id = "example-project"
  url        = "https://upload-events-example.a.run.app/internal/uploads/completed"
}

run "pushes_with_a_token_until_it_is_taken" {
  command = apply

  module {
    source = "./modules/notifications"
  }

  assert {
    condition     = google_pubsub_subscription.this.push_config[0].oidc_token[0].service_account_email == var.account && google_pubsub_subscription.this.push_config[0].oidc_token[0].audience == var.audience
    error_message = "the function knows the account and the audience"
  }

  assert {
    condition     = google_pubsub_subscription.this.expiration_policy[0].ttl == ""
    error_message = "a quiet month ends nothing"
  }

  assert {
    condition     = google_storage_notification.this.event_types == toset(["OBJECT_FINALIZE"]) && google_storage_notification.this.payload_format == "JSON_API_V1"
    error_message = "the notification says what came"
  }
}
