locals {
  origin = "https://${var.domain}"
  # One audience for all services, so that a caller needs one token.
  audience = local.origin
  # The header in which the load balancer tells the functions the client's address.
  client_ip_header = "x-client-ip"

  database         = coalesce(var.serving_database, module.firestore.database)
  storage_location = coalesce(var.storage_location, var.region)

  # Written from the code: the route table as the load balancer and the scheduler need it, and what the buckets are made
  # with (scripts/check-terraform.ts --write).
  routes          = jsondecode(file("${path.module}/routes.json"))
  bucket_settings = jsondecode(file("${path.module}/buckets.json"))
}

module "services" {
  source = "./modules/services"

  project_id = var.project_id
  apis = [
    "artifactregistry.googleapis.com",
    "binaryauthorization.googleapis.com",
    "certificatemanager.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ]
}

# The same for the project of the keys, when it is another one.
module "keys_services" {
  source   = "./modules/services"
  for_each = setsubtract([local.keys_project], [var.project_id])

  project_id = each.value
  apis       = ["cloudkms.googleapis.com", "iam.googleapis.com", "logging.googleapis.com", "monitoring.googleapis.com"]
}

module "firestore" {
  source = "./modules/firestore"

  project_id = var.project_id
  database   = var.firestore_database
  location   = coalesce(var.firestore_location, var.region)
  declared   = jsondecode(file("${path.module}/indexes.json"))

  depends_on = [module.services]
}

# The signed key list, which key-rotation alone may write: nothing else in this database, and nobody else's.
module "keys_database" {
  source = "./modules/firestore"

  project_id = var.project_id
  database   = "keys"
  location   = coalesce(var.firestore_location, var.region)
  declared   = { composite = [] }

  depends_on = [module.services]
}

module "storage" {
  source = "./modules/storage"

  project_id             = var.project_id
  location               = local.storage_location
  prefix                 = "${var.project_id}-${var.name_prefix}"
  cors_origins           = var.cors_origins
  payload_kms_key        = var.payload_bucket_kms_key
  payload_retention_days = var.payload_retention_days
  settings               = local.bucket_settings

  depends_on = [module.services]
}

module "identity" {
  source = "./modules/identity"

  project_id         = var.project_id
  authorized_domains = concat([var.domain], var.authorized_domains)
  oauth_clients      = var.oauth_clients

  depends_on = [module.services]
}

module "edge" {
  source = "./modules/edge"

  project_id       = var.project_id
  region           = var.region
  prefix           = var.name_prefix
  domain           = var.domain
  candidate_domain = var.candidate_domain
  former_domains   = var.former_domains
  client_ip_header = local.client_ip_header
  routes           = { for path, service in local.routes.public : service => path... }
  throttle         = var.throttle

  depends_on = [module.function]
}

module "scheduler" {
  source = "./modules/scheduler"

  project_id = var.project_id
  region     = var.region
  prefix     = var.name_prefix
  account    = google_service_account.this["scheduler"].email
  audience   = local.audience
  jobs       = local.schedule
}

module "queue" {
  source = "./modules/queue"

  project_id = var.project_id
  region     = var.region
  name       = "${var.name_prefix}-webhook-deliveries"
  account    = google_service_account.this["webhook-queue"].email
  audience   = local.audience
  host       = trimprefix(module.function["webhook-delivery"].uri, "https://")

  depends_on = [module.services]
}

module "notifications" {
  source   = "./modules/notifications"
  for_each = local.pushed

  project_id = var.project_id
  account    = google_service_account.this["upload-push"].email
  audience   = local.audience
  bucket     = module.storage.upload_bucket
  name       = "${var.name_prefix}-${each.value}"
  url        = "${module.function[local.routes.internal[each.key]].uri}${each.key}"

  depends_on = [module.services]
}

module "monitoring" {
  source = "./modules/monitoring"

  project_id      = var.project_id
  keys_project_id = local.keys_project
  emails          = var.alert_emails
  url_map         = module.edge.url_map

  depends_on = [module.services, module.keys_services]
}

module "audit" {
  source   = "./modules/audit"
  for_each = toset([var.project_id, local.keys_project])

  project_id = each.value
  location   = var.audit_log_location
  locked     = var.audit_log_locked

  depends_on = [module.services, module.keys_services]
}

module "ci" {
  source = "./modules/ci"

  project_id        = var.project_id
  region            = var.region
  location          = local.storage_location
  prefix            = var.name_prefix
  repository        = var.repository
  terraform_account = var.terraform_account
  audience          = local.origin
  candidate_url     = var.candidate_domain == null ? null : "https://${var.candidate_domain}"
  functions         = local.functions
  job               = module.worker.released
  accounts          = { for name in concat(tolist(local.functions), module.worker.released == null ? [] : ["task-worker"]) : name => google_service_account.this[name].name }

  depends_on = [module.services]
}
