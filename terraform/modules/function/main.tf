locals {
  memory_mib = tonumber(regex("^[0-9]+", var.memory)) * (endswith(var.memory, "Gi") ? 1024 : 1)
}

resource "google_cloud_run_v2_service" "this" {
  project             = var.project_id
  location            = var.region
  name                = var.name
  deletion_protection = var.deletion_protection

  # Reached through the load balancer and by Cloud Scheduler of this project, by nobody else.
  ingress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  # Cloud Run's own check would hand the token on without its signature, so that we could not verify it. The function
  # authenticates every request itself, by its route table.
  invoker_iam_disabled = true

  template {
    service_account                  = var.account
    max_instance_request_concurrency = var.concurrency
    timeout                          = "${var.timeout_seconds}s"
    # The second generation has no instance below 512 MiB.
    execution_environment = local.memory_mib < 512 ? "EXECUTION_ENVIRONMENT_GEN1" : "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = var.min_instances
      max_instance_count = var.max_instances
    }

    containers {
      image = var.image

      resources {
        limits            = { cpu = var.cpu, memory = var.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = { for name, value in var.environment : name => value if value != null }
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 30
        http_get {
          path = "/health"
        }
      }
    }
  }

  # The pipeline deploys images by digest and moves the traffic, and gcloud writes labels, annotations and the scaling of
  # the service as it does so; settings are Terraform's. A service in another region is there before the old one goes.
  lifecycle {
    create_before_destroy = true
    ignore_changes = [
      annotations,
      client,
      client_version,
      labels,
      scaling,
      template[0].annotations,
      template[0].containers[0].image,
      template[0].labels,
      traffic,
    ]

    precondition {
      condition     = alltrue([for variable in var.required : lookup(var.environment, variable, null) != null])
      error_message = "${var.name} does not start without ${join(", ", [for variable in var.required : variable if lookup(var.environment, variable, null) == null])}; give it a value in environment.tf."
    }
  }
}
