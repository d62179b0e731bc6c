mock_provider "google" {}

variables {
  client_ip_header = "x-client-ip"
  domain           = "licensing.example.com"
  prefix           = "countersign"
  project_id       = "example-project"
  region           = "europe-west1"
  routes = {
    admin       = ["/api/v1/licenses", "/api/v1/licenses/*"]
    public-keys = ["/.well-known/jwks.json"]
    seats       = ["/api/v1/licenses/*/borrows", "/api/v1/licenses/acquire", "/api/v1/licenses/acquire/", "/api/v1/licenses/queue/*"]
  }
}

run "maps_routes_to_services" {
  command = apply

  module {
    source = "./modules/edge"
  }

  assert {
    condition = [
      for rule in google_compute_url_map.this.path_matcher[0].route_rules :
      [rule.priority, rule.service, [for match in rule.match_rules : coalesce(match.full_path_match, match.path_template_match, match.prefix_match)]]
      ] == [
      [1, google_compute_backend_service.this["admin"].id, ["/api/v1/licenses"]],
      [2, google_compute_backend_service.this["public-keys"].id, ["/.well-known/jwks.json"]],
      [3, google_compute_backend_service.this["seats"].id, ["/api/v1/licenses/acquire", "/api/v1/licenses/acquire/"]],
      [4, google_compute_backend_service.this["seats"].id, ["/api/v1/licenses/*/borrows"]],
      [5, google_compute_backend_service.this["seats"].id, ["/api/v1/licenses/queue/"]],
      [6, google_compute_backend_service.this["admin"].id, ["/api/v1/licenses/"]],
    ]
    error_message = "each path leads to its service: as it stands, then templates, then the longest prefix"
  }

  assert {
    condition = (
      google_compute_url_map.this.path_matcher[0].route_rules[3].match_rules[0].path_template_match == "/api/v1/licenses/*/borrows" &&
      google_compute_url_map.this.path_matcher[0].route_rules[4].match_rules[0].prefix_match == "/api/v1/licenses/queue/"
    )
    error_message = "a wildcard in the middle is a template, one at the end a prefix"
  }

  assert {
    condition     = google_compute_url_map.this.default_service == google_compute_backend_service.this["public-keys"].id
    error_message = "what belongs to no service gets its 404 from the one without rights"
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.this["seats"].cloud_run[0].service == "seats"
    error_message = "the backend is the service of its name"
  }
}

run "caches_public_keys_and_the_consoles_files_alone" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    routes = { console = ["/console"], public-keys = ["/.well-known/jwks.json"], seats = ["/api/v1/licenses/acquire"] }
  }

  assert {
    condition     = [for name, backend in google_compute_backend_service.this : name if backend.enable_cdn] == ["console", "public-keys"]
    error_message = "nothing but public keys and the console's files is the same for everybody"
  }

  assert {
    condition     = google_compute_backend_service.this["public-keys"].cdn_policy[0].cache_mode == "USE_ORIGIN_HEADERS" && google_compute_backend_service.this["public-keys"].cdn_policy[0].serve_while_stale == 60
    error_message = "the cache does as the answers say, and serves stale ones for a minute"
  }
}

run "tells_the_clients_address" {
  command = plan

  module {
    source = "./modules/edge"
  }

  assert {
    condition     = alltrue([for backend in google_compute_backend_service.this : contains(backend.custom_request_headers, "x-client-ip: {client_ip_address}")])
    error_message = "every function is told the client's address"
  }
}

run "reaches_candidates_by_a_host_of_their_own" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    candidate_domain = "candidate.example.com"
  }

  assert {
    condition     = google_compute_region_network_endpoint_group.this["seats-candidate"].cloud_run[0].tag == "candidate" && google_compute_region_network_endpoint_group.this["seats"].cloud_run[0].tag != "candidate"
    error_message = "the candidate's host leads to tagged revisions, the main one does not"
  }

  assert {
    condition     = { for rule in google_compute_url_map.this.host_rule : tolist(rule.hosts)[0] => rule.path_matcher } == { "licensing.example.com" = "main", "candidate.example.com" = "candidate" }
    error_message = "each host has its own paths"
  }
}

run "throttles" {
  command = plan

  module {
    source = "./modules/edge"
  }

  assert {
    condition     = { for rule in google_compute_security_policy.this.rule : tostring(rule.priority) => rule.action } == { "100" = "deny(404)", "1000" = "rate_based_ban", "2147483647" = "throttle" }
    error_message = "internal paths are shut, guessing is banned, the rest is throttled"
  }

  assert {
    condition     = alltrue([for backend in google_compute_backend_service.this : backend.load_balancing_scheme == "EXTERNAL_MANAGED"])
    error_message = "Cloud Armor's throttling and the client's address need this load balancer"
  }
}

run "reject_former_domain_twice" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    former_domains = ["licensing.example.com"]
  }

  expect_failures = [var.former_domains]
}

run "reject_candidate_on_the_same_host" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    candidate_domain = "licensing.example.com"
  }

  expect_failures = [var.candidate_domain]
}

run "reject_domain_with_scheme" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    domain = "https://licensing.example.com"
  }

  expect_failures = [var.domain]
}

run "reject_log_sample_rate" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    log_sample_rate = 2
  }

  expect_failures = [var.log_sample_rate]
}

run "reject_internal_route" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    routes = { public-keys = ["/.well-known/jwks.json"], session-reaper = ["/internal/sessions/reap"] }
  }

  expect_failures = [var.routes]
}

run "reject_routes_without_public_keys" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    routes = { seats = ["/api/v1/licenses/acquire"] }
  }

  expect_failures = [var.routes]
}

run "reject_throttle" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    throttle = { all = 10, licence = 20 }
  }

  expect_failures = [var.throttle]
}
