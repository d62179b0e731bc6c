locals {
  keys_project = coalesce(var.keys_project_id, var.project_id)
  origin       = "https://${var.domain}"
  # One audience for all services, so that a caller needs one token.
  audience = local.origin

  database = coalesce(var.serving_database, module.firestore.database)

  payload_key_regions = length(var.payload_key_regions) == 0 ? [var.region] : var.payload_key_regions
  payload_key_id      = module.payload_key[local.payload_key_regions[0]].id

  # What the load balancer knows of the route table: written from the code, compared by `npm run check`.
  routes = jsondecode(file("${path.module}/routes.json"))
}

module "services" {
  source = "./modules/services"

  project_id = var.project_id
  apis = [
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
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

module "signing_key" {
  source = "./modules/signing-key"

  project_id       = local.keys_project
  location         = var.region
  key_ring         = "${var.name_prefix}-signing"
  protection_level = var.signing_protection_level

  depends_on = [module.services, module.keys_services]
}

module "payload_key" {
  source   = "./modules/payload-key"
  for_each = toset(local.payload_key_regions)

  project_id = local.keys_project
  location   = each.value
  key_ring   = "${var.name_prefix}-payloads"

  depends_on = [module.services, module.keys_services]
}

module "firestore" {
  source = "./modules/firestore"

  project_id = var.project_id
  database   = var.firestore_database
  location   = coalesce(var.firestore_location, var.region)
  declared   = jsondecode(file("${path.module}/indexes.json"))

  depends_on = [module.services]
}

module "storage" {
  source = "./modules/storage"

  project_id             = var.project_id
  location               = var.region
  prefix                 = "${var.project_id}-${var.name_prefix}"
  cors_origins           = var.cors_origins
  payload_kms_key        = var.payload_bucket_kms_key
  payload_retention_days = var.payload_retention_days

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
  client_ip_header = local.common_environment.CLIENT_IP_HEADER
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
  jobs       = { for name, job in local.schedule : name => merge(job, { url = "${module.function[job.function].uri}${job.path}" }) }
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

  depends_on = [module.services, module.keys_services]
}

module "ci" {
  source = "./modules/ci"

  project_id        = var.project_id
  location          = var.region
  prefix            = var.name_prefix
  repository        = var.repository
  terraform_account = var.terraform_account
  audience          = local.audience
  candidate_url     = var.candidate_domain == null ? null : "https://${var.candidate_domain}"
  functions         = toset([for function in module.function : function.name])
  job               = module.worker.name
  accounts          = { for name in concat(keys(local.functions), ["task-worker"]) : name => google_service_account.this[name].name }
}
