# The same state, applied again and again: what stays must stay the same resource, and what comes must not take the name of
# what goes.
mock_provider "google" {}

variables {
  client_ip_header = "x-client-ip"
  candidate_domain = "candidate.example.com"
  domain           = "licensing.example.com"
  prefix           = "countersign"
  project_id       = "example-project"
  region           = "europe-west1"
  routes           = { public-keys = ["/.well-known/jwks.json"], seats = ["/api/v1/licenses/acquire"] }
}

run "first" {
  command = apply

  module {
    source = "./modules/edge"
  }
}

run "the_next_domain_beside_the_old_one" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    former_domains = ["new.example.com"]
  }

  assert {
    condition     = alltrue([for host, id in run.first.certificates : output.certificates[host] == id])
    error_message = "the certificates that serve are not touched"
  }

  assert {
    condition     = output.address == run.first.address && output.backends == run.first.backends
    error_message = "address and backends stay"
  }
}

run "the_domain_changes" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    domain         = "new.example.com"
    former_domains = ["licensing.example.com"]
  }

  assert {
    condition     = output.certificates == run.the_next_domain_beside_the_old_one.certificates
    error_message = "no certificate is made or replaced by the change: the new one is active already"
  }

  assert {
    condition     = length(distinct([for certificate in google_certificate_manager_certificate.this : certificate.name])) == 3
    error_message = "each host has a name of its own"
  }
}

run "the_candidate_is_dropped" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    candidate_domain = null
    domain           = "new.example.com"
    former_domains   = ["licensing.example.com"]
  }

  assert {
    condition     = output.backends == { for name, id in run.first.backends : name => id if !endswith(name, "-candidate") }
    error_message = "the backends of clients stay, those of candidates go"
  }

  assert {
    condition     = length(google_compute_url_map.this.path_matcher) == 1
    error_message = "nothing on the URL map leads to what goes"
  }
}

run "a_function_is_added" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    candidate_domain = null
    domain           = "new.example.com"
    routes           = { console = ["/console"], public-keys = ["/.well-known/jwks.json"], seats = ["/api/v1/licenses/acquire"] }
  }

  assert {
    condition     = alltrue([for name, id in run.the_candidate_is_dropped.backends : output.backends[name] == id]) && contains(keys(output.backends), "console")
    error_message = "one more, and the others as they were"
  }
}

run "another_region" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    candidate_domain = null
    domain           = "new.example.com"
    region           = "europe-west4"
  }

  assert {
    condition     = alltrue([for group in google_compute_region_network_endpoint_group.this : endswith(group.name, "-europe-west4")])
    error_message = "the new endpoint groups are beside the old ones, under other names"
  }

  assert {
    condition     = output.address == run.first.address
    error_message = "the address stays"
  }
}
