locals {
  common_environment = {
    CLIENT_IP_HEADER        = "x-client-ip"
    CORS_ORIGINS            = join(",", var.cors_origins)
    PROJECT_ID              = var.project_id
    RATE_LIMIT_PER_HOUR     = var.rate_limit_per_hour
    SCHEDULER_ACCOUNTS      = google_service_account.this["scheduler"].email
    SERVICE_ACCOUNTS        = join(",", concat(var.service_accounts, [module.ci.deployer]))
    SERVICE_AUDIENCE        = local.audience
    STRANGER_LIMIT_PER_HOUR = var.stranger_limit_per_hour
  }

  # What several functions share, by what they work with.
  shared_environment = {
    firestore = {
      FIRESTORE_DATABASE = local.database
    }

    signing_key = {
      ARCHIVE_AFTER_DAYS           = var.key_periods.archive_after_days
      LONGEST_VALIDITY_DAYS        = var.key_periods.longest_validity_days
      PUBLISH_BEFORE_SIGNING_HOURS = var.key_periods.publish_before_signing_hours
      ROTATE_AFTER_DAYS            = var.key_periods.rotate_after_days
      SIGNING_KEY                  = module.signing_key.id
    }

    signer = {
      KMS_SIGNATURES_PER_MINUTE = local.signatures_an_instance
      TOKEN_ISSUER              = local.origin
    }
  }

  # KMS's quota, shared out evenly to all instances that may sign. An HSM's is small; software keys need no limit of ours.
  signatures             = var.signatures_per_minute != null ? var.signatures_per_minute : var.signing_protection_level == "HSM" ? 214 : null
  instances_that_sign    = sum([for name, one in local.functions : coalesce(try(var.scaling[name].max_instances, null), one.max_instances) if contains(one.shares, "signer")])
  signatures_an_instance = local.signatures == null ? null : max(1, floor(local.signatures / local.instances_that_sign))

  # Every function: what its schema reads beside the common variables, and its size.
  functions = {
    admin = {
      shares          = ["firestore"]
      environment     = {}
      concurrency     = 80
      max_instances   = 10
      min_instances   = 0
      timeout_seconds = 60
    }

    docs = {
      shares          = []
      environment     = {}
      concurrency     = 200
      max_instances   = 5
      min_instances   = 0
      timeout_seconds = 30
    }

    key-rotation = {
      shares          = ["firestore", "signing_key"]
      environment     = {}
      concurrency     = 1
      max_instances   = 1
      min_instances   = 0
      timeout_seconds = 300
    }

    license-signing = {
      shares          = ["firestore", "signer", "signing_key"]
      environment     = {}
      concurrency     = 200
      max_instances   = 20
      min_instances   = 0
      timeout_seconds = 30
    }

    public-keys = {
      shares          = ["firestore", "signing_key"]
      environment     = {}
      concurrency     = 500
      max_instances   = 10
      min_instances   = 1
      timeout_seconds = 30
    }

    # Few and large: arrivals in one instance go to Firestore as one group.
    seats = {
      shares = ["firestore", "signer", "signing_key"]
      environment = {
        UNSIGNED_FALLBACK = var.unsigned_fallback
      }
      concurrency     = 500
      max_instances   = 20
      min_instances   = 1
      timeout_seconds = 60
    }

    # One at a time: two at once are safe, and no faster.
    session-reaper = {
      shares = ["firestore"]
      environment = {
        REAP_SECONDS = 45
      }
      concurrency     = 1
      max_instances   = 1
      min_instances   = 0
      timeout_seconds = 60
    }

    signed-urls = {
      shares = ["firestore"]
      environment = {
        ALLOWED_CONTENT_TYPES = join(",", var.allowed_content_types)
        MAX_UPLOAD_BYTES      = var.max_upload_bytes
        SIGNING_ACCOUNT       = google_service_account.this["signed-urls"].email
        UPLOAD_BUCKET         = module.storage.upload_bucket
      }
      concurrency     = 500
      max_instances   = 10
      min_instances   = 0
      timeout_seconds = 60
    }

    # Ten mebibytes a request, sealed in memory.
    task-payloads = {
      shares = ["firestore"]
      environment = {
        DISPATCHER_ACCOUNT = google_service_account.this["task-dispatcher"].email
        PAYLOAD_BUCKET     = module.storage.payload_bucket
        PAYLOAD_KEY        = local.payload_key_id
        WORKER_JOB         = module.worker.resource_name
      }
      concurrency     = 8
      max_instances   = 20
      min_instances   = 0
      timeout_seconds = 60
    }
  }

  # The environment of the job. TASK_ID comes with each execution.
  worker_environment = {
    PAYLOAD_BUCKET          = module.storage.payload_bucket
    PAYLOAD_KEY             = local.payload_key_id
    PROJECT_ID              = var.project_id
    WORKER_COMMAND          = jsonencode(var.worker_command)
    WORKER_DEADLINE_SECONDS = 3300
  }

  # What Cloud Scheduler calls: the routes that nobody else may.
  schedule = {
    reap-sessions = { function = "session-reaper", path = "/internal/sessions/reap", schedule = "* * * * *", deadline_seconds = 60 }
    rotate-keys   = { function = "key-rotation", path = "/internal/keys/rotate", schedule = "17 3 * * *", deadline_seconds = 300 }
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  project_id          = var.project_id
  region              = var.region
  name                = each.key
  account             = google_service_account.this[each.key].email
  image               = var.placeholder_image
  environment         = merge(local.common_environment, merge([for group in each.value.shares : local.shared_environment[group]]...), each.value.environment)
  deletion_protection = var.deletion_protection
  timeout_seconds     = each.value.timeout_seconds
  concurrency         = coalesce(try(var.scaling[each.key].concurrency, null), each.value.concurrency)
  cpu                 = coalesce(try(var.scaling[each.key].cpu, null), "1")
  max_instances       = coalesce(try(var.scaling[each.key].max_instances, null), each.value.max_instances)
  memory              = coalesce(try(var.scaling[each.key].memory, null), "512Mi")
  min_instances       = try(coalesce(var.scaling[each.key].min_instances, each.value.min_instances), each.value.min_instances)
}

module "worker" {
  source = "./modules/job"

  project_id          = var.project_id
  region              = var.region
  name                = "task-worker"
  account             = google_service_account.this["task-worker"].email
  image               = "us-docker.pkg.dev/cloudrun/container/job"
  environment         = local.worker_environment
  deletion_protection = var.deletion_protection
}
