# The environment of the functions and the job. Which variables each reads is environment.json, written from the code's
# schemas; the values are here. What has none keeps the code's default, or is set by var.settings.
locals {
  environment = jsondecode(file("${path.module}/environment.json"))

  values = {
    ALLOWED_CONTENT_TYPES        = join(",", var.allowed_content_types)
    ARCHIVE_AFTER_DAYS           = var.key_periods.archive_after_days
    CLIENT_IP_HEADER             = local.client_ip_header
    CONSOLE_ORIGIN               = local.origin
    CORS_ORIGINS                 = join(",", var.cors_origins)
    DIRECTORY_KEY                = module.key["license-directory"].id
    DISPATCHER_ACCOUNT           = google_service_account.this["task-dispatcher"].email
    FIRESTORE_DATABASE           = local.database
    IDENTITY_API_KEY             = module.identity.api_key
    IMPORTED_KEYS                = var.imported_keys ? "on" : "off"
    KEYS_DATABASE                = module.keys_database.database
    KMS_SIGNATURES_PER_MINUTE    = local.signatures
    LONGEST_VALIDITY_DAYS        = var.key_periods.longest_validity_days
    MAX_UPLOAD_BYTES             = var.max_upload_bytes
    PAYLOAD_BUCKET               = module.storage.payload_bucket
    PAYLOAD_KEY                  = module.key["task-payloads ${local.payload_key_regions[0]}"].id
    PAYLOAD_RETENTION_DAYS       = var.payload_retention_days
    PORTAL_ACCENT                = var.portal.accent
    PORTAL_FRAME_ANCESTORS       = join(",", var.portal.frame_ancestors)
    PORTAL_LOGO                  = var.portal.logo
    PROJECT_ID                   = var.project_id
    PUBLISH_BEFORE_SIGNING_HOURS = var.key_periods.publish_before_signing_hours
    RATE_LIMIT_PER_HOUR          = var.rate_limit_per_hour
    REAP_SECONDS                 = 45
    ROTATE_AFTER_DAYS            = var.key_periods.rotate_after_days
    ROOT_KEYS                    = local.root_keys
    SERVICE_AUDIENCE             = local.audience
    SIGNING_ACCOUNT              = google_service_account.this["signed-urls"].email
    SIGN_IN_WAYS                 = join(",", concat([for provider in nonsensitive(keys(var.oauth_clients)) : trimsuffix(provider, ".com")], ["password"]))
    SIGNING_KEY                  = module.key[var.signing_key].id
    STRIPE_GRACE_DAYS            = var.stripe_grace_days
    STRANGER_LIMIT_PER_HOUR      = var.stranger_limit_per_hour
    TOKEN_ISSUER                 = local.origin
    UNSIGNED_FALLBACK            = var.unsigned_fallback
    UPLOAD_BUCKET                = module.storage.upload_bucket
    WEBHOOK_KEY                  = module.key["webhook-secrets"].id
    WEBHOOK_QUEUE                = local.webhook_queue
    WORKER_COMMAND               = var.worker_command == null ? null : jsonencode(var.worker_command)
    WORKER_DEADLINE_SECONDS      = 3300
  }

  # What is there only after the job, which has an environment itself.
  late_values = {
    WORKER_JOB = module.worker.resource_name
  }

  # Each function knows the service accounts that concern it, by their scopes, and no others.
  scopes_of = {
    admin           = ["licenses"]
    console         = ["portal"]
    license-signing = ["sign"]
    seats           = ["licenses"]
    signed-urls     = ["urls"]
    task-payloads   = ["tasks"]
  }

  # The account that deploys has what its smoke test needs.
  callers = merge({ for email, scopes in var.service_accounts : email => sort(scopes) }, { (module.ci.deployer) = ["sign"] })

  callers_of = {
    for name in local.functions : name => {
      for email, scopes in local.callers : email => [for scope in scopes : scope if contains(lookup(local.scopes_of, name, []), split(":", scope)[0])]
    }
  }

  # Accounts that call one function's internal routes, beside the scheduler.
  callers_beside = {
    upload-events    = ["upload-push"]
    webhook-delivery = ["webhook-queue"]
  }

  # Where a function has a value of its own.
  values_of = {
    for name in local.functions : name => {
      # Cloud Tasks and Pub/Sub call one function each, and have an account of their own.
      SCHEDULER_ACCOUNTS = join(",", [for account in concat(["scheduler"], lookup(local.callers_beside, name, [])) : google_service_account.this[account].email])
      SERVICE_ACCOUNTS   = join(",", [for email, scopes in local.callers_of[name] : "${email}=${join("+", scopes)}" if length(scopes) > 0])
    }
  }

  environments = {
    for name in local.functions : name => {
      for variable in keys(local.environment[name]) : variable => try(local.values_of[name][variable], local.late_values[variable], local.values[variable], var.settings[variable], null)
    }
  }

  worker_environment = {
    for variable in keys(local.environment["task-worker"]) : variable => try(local.values[variable], var.settings[variable], null)
  }
}
