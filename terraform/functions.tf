locals {
  functions = setsubtract(keys(local.environment), ["task-worker"])

  # What differs from this: a function that nobody has sized yet gets it.
  default_size = {
    concurrency     = 80
    cpu             = "1"
    max_instances   = 10
    memory          = "512Mi"
    min_instances   = 0
    timeout_seconds = 60
  }

  declared_sizes = {
    # 140 MiB while as many requests at a time read the document and its page, measured (test/soak/functions/memory).
    docs            = { concurrency = 200, max_instances = 5, memory = "256Mi", timeout_seconds = 30 }
    key-rotation    = { concurrency = 1, max_instances = 1, timeout_seconds = 300 }
    license-signing = { concurrency = 200, max_instances = 20, timeout_seconds = 30 }
    public-keys     = { concurrency = 500, min_instances = 1, timeout_seconds = 30 }
    # Few and large: arrivals in one instance go to Firestore as one group.
    seats = { concurrency = 500, max_instances = 20, min_instances = 1 }
    # One at a time: two at once are safe, and no faster.
    session-reaper = { concurrency = 1, max_instances = 1 }
    signed-urls    = { concurrency = 500 }
    # Ten mebibytes a request, sealed in memory: eight at a time took 546 MiB, measured (test/soak/functions/memory).
    task-payloads = { concurrency = 4, max_instances = 40 }
    # A run of the scheduler looks for 55 seconds, and may then wait for what it has begun to send.
    webhook-delivery = { concurrency = 40, timeout_seconds = 120 }
  }

  # Declared here, and changed by var.scaling; null there leaves a size as it is.
  sizes = {
    for name in local.functions : name => merge(
      local.default_size,
      try(local.declared_sizes[name], {}),
      { for size, value in try(var.scaling[name], {}) : size => value if value != null },
    )
  }

  # When Cloud Scheduler calls what nobody else may (routes.json, internal). Each run is given as long as its service.
  timetable = {
    "/internal/keys/rotate"       = { job = "rotate-keys", schedule = "17 3 * * *", body = null }
    "/internal/sessions/reap"     = { job = "reap-sessions", schedule = "* * * * *", body = null }
    "/internal/webhooks/dispatch" = { job = "dispatch-webhooks", schedule = "* * * * *", body = jsonencode({ for_seconds = 55 }) }
  }

  # What Cloud Tasks calls, by the queue that does.
  queued = {
    "/internal/webhooks/deliver" = "webhook-deliveries"
  }

  # By its name, since the queue is made after the function whose address it holds.
  webhook_queue = "projects/${var.project_id}/locations/${var.region}/queues/${var.name_prefix}-webhook-deliveries"

  # What Pub/Sub pushes, by its subscription.
  pushed = {
    "/internal/uploads/completed" = "upload-completed"
  }

  schedule = {
    for path, service in local.routes.internal : local.timetable[path].job => {
      body             = local.timetable[path].body
      deadline_seconds = local.sizes[service].timeout_seconds
      schedule         = local.timetable[path].schedule
      url              = "${module.function[service].uri}${path}"
    } if !contains(concat(keys(local.queued), keys(local.pushed)), path)
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  project_id          = var.project_id
  region              = var.region
  name                = each.value
  account             = google_service_account.this[each.value].email
  image               = var.placeholder_image
  environment         = local.environments[each.value]
  required            = [for variable, need in local.environment[each.value] : variable if need == "required"]
  secrets             = { for variable, secret in local.secrets : variable => secret if contains(keys(local.environment[each.value]), variable) }
  deletion_protection = var.deletion_protection
  timeout_seconds     = local.sizes[each.value].timeout_seconds
  concurrency         = local.sizes[each.value].concurrency
  cpu                 = local.sizes[each.value].cpu
  max_instances       = local.sizes[each.value].max_instances
  memory              = local.sizes[each.value].memory
  min_instances       = local.sizes[each.value].min_instances

  depends_on = [google_secret_manager_secret_iam_member.imported_key_pepper, google_secret_manager_secret_iam_member.stripe_webhook]
}

module "worker" {
  source = "./modules/job"

  project_id        = var.project_id
  region            = var.region
  name              = "task-worker"
  account           = google_service_account.this["task-worker"].email
  image             = var.worker_image
  placeholder_image = "us-docker.pkg.dev/cloudrun/container/job"
  environment       = local.worker_environment
}
