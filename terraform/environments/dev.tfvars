# An example: one region, software keys, nothing kept warm, and it can be taken down again.
project_id            = "example-countersign-dev"
region                = "europe-west1"
domain                = "licensing.dev.example.com"
candidate_domain      = "candidate.licensing.dev.example.com"
cors_origins          = ["https://app.dev.example.com"]
audit_log_locked      = false
deletion_protection   = false
root_protection_level = "SOFTWARE"
service_accounts      = { "back-end@example-shop-dev.iam.gserviceaccount.com" = ["licenses", "sign"] }

scaling = {
  public-keys = { min_instances = 0 }
  seats       = { min_instances = 0, max_instances = 3 }
}
