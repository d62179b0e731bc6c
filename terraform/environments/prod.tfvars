# An example: keys in a project of their own, payload keys in two regions, seats kept warm. The secrets of oauth_clients
# are given as TF_VAR_oauth_clients, never in a file.
project_id          = "example-countersign-prod"
region              = "europe-west1"
keys_project_id     = "example-countersign-keys"
payload_key_regions = ["europe-west1", "europe-west4"]
firestore_location  = "eur3"
domain              = "licensing.example.com"
candidate_domain    = "candidate.licensing.example.com"
authorized_domains  = ["app.example.com"]
cors_origins        = ["https://app.example.com"]
service_accounts    = { "back-end@example-shop.iam.gserviceaccount.com" = ["licenses", "sign"] }
alert_emails        = ["on-call@example.com"]
max_upload_bytes    = 5368709120
worker_image        = "europe-west1-docker.pkg.dev/example-countersign-prod/workers/run-task@sha256:0000000000000000000000000000000000000000000000000000000000000000"

scaling = {
  public-keys = { min_instances = 2 }
  seats       = { min_instances = 2, max_instances = 50, cpu = "2", memory = "1Gi" }
}

repository        = "projects/example-countersign-prod/locations/europe-west1/connections/github/repositories/countersign"
terraform_account = "terraform@example-countersign-prod.iam.gserviceaccount.com"
