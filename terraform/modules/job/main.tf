# A job has no state and can be made again. Two resources, since what Terraform ignores cannot depend on a variable; two
# names, so that the new one is there before the old one goes.
resource "google_cloud_run_v2_job" "released" {
  count = var.image == null ? 1 : 0

  project             = var.project_id
  location            = var.region
  name                = var.name
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = var.account
      timeout         = "${var.timeout_seconds}s"
      max_retries     = var.max_retries

      containers {
        image = var.placeholder_image

        resources {
          limits = { cpu = var.cpu, memory = var.memory }
        }

        dynamic "env" {
          for_each = { for name, value in var.environment : name => value if value != null }
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }

  # Releases change the image, by digest; settings are Terraform's.
  lifecycle {
    create_before_destroy = true
    ignore_changes = [
      annotations,
      client,
      client_version,
      labels,
      template[0].annotations,
      template[0].labels,
      template[0].template[0].containers[0].image,
    ]
  }
}

resource "google_cloud_run_v2_job" "own" {
  count = var.image == null ? 0 : 1

  project             = var.project_id
  location            = var.region
  name                = "${var.name}-own"
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = var.account
      timeout         = "${var.timeout_seconds}s"
      max_retries     = var.max_retries

      containers {
        image = var.image

        resources {
          limits = { cpu = var.cpu, memory = var.memory }
        }

        dynamic "env" {
          for_each = { for name, value in var.environment : name => value if value != null }
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }

  # No release touches this one: its image is yours.
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [client, client_version]
  }
}

locals {
  job = one(concat(google_cloud_run_v2_job.released, google_cloud_run_v2_job.own))
}
