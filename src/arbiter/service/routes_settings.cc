// routes_settings.cc: lanes and modules as resources: GET, PUT and DELETE with ETag.

#include <cstdio>

#include "arbiter/service/routes.h"
#include "arbiter/service/routes_detail.h"

namespace gk::arbiter {
namespace {

using api::Call;
using api::Reply;
using net::Method;

/// FNV-1a of the resource's settings; detects a change, is no secret.
std::string etag_of(std::string_view json) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : json) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  char out[24];
  std::snprintf(out, sizeof out, "\"%016llx\"", static_cast<unsigned long long>(hash));
  return out;
}

void answer(const Reply& reply, std::string json, const std::string& etag, int status) {
  net::Response response;
  response.status = status;
  response.headers.emplace_back("ETag", etag);
  response.body = std::move(json);
  reply.response(std::move(response));
}

void send_lane(LaneService& service, const std::string& name, const Reply& reply, int status) {
  auto json = service.lane_json(name);
  if (!json) return reply.error(json.error());
  answer(reply, std::move(*json), etag_of(service.settings(name)->json()), status);
}

void put_lane(LaneService& service, const Call& call, const Reply& reply) {
  const std::string name = call.param("lane");
  Complaints complaints;
  if (!is_lane_name(name) || name == "graph") {
    complaints.emplace_back("lane", "expected 1 to 64 of a-z, 0-9, _ and -, and not graph");
  }
  const LaneSettings* known = service.settings(name);
  const LaneSettings settings =
      read_lane_settings(call.body, known == nullptr ? LaneSettings{} : *known, complaints);
  if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
  const int status = known == nullptr ? 201 : 200;
  service.set_lane(name, settings, [&service, name, reply, status](const Result<void>& set) {
    if (!set) return reply.error(set.error());
    send_lane(service, name, reply, status);
  });
}

void delete_lane(LaneService& service, const Call& call, const Reply& reply) {
  const std::string name = call.param("lane");
  service.remove_lane(name, [reply, name](const Result<void>& removed) {
    if (!removed) return reply.error(removed.error());
    reply.json("{\"lane\":\"" + name + "\",\"deleted\":true}");
  });
}

void get_module(LaneService& service, const Call& call, const Reply& reply) {
  const Module* module = service.module(call.param("name"));
  if (module == nullptr) {
    return reply.error(Error{Errc::not_found, "there is no module of that name"});
  }
  const std::string json = module->json();
  answer(reply, json, etag_of(json), 200);
}

void put_module(LaneService& service, const Call& call, const Reply& reply) {
  const std::string name = call.param("name");
  Complaints complaints;
  if (!is_lane_name(name)) {
    complaints.emplace_back("name", "expected 1 to 64 of a-z, 0-9, _ and -");
  }
  const Module* known = service.module(name);
  const Module module =
      read_module(call.body, name, known == nullptr ? Module{} : *known, complaints);
  if (!complaints.empty()) return reply.problem(invalid(std::move(complaints)));
  const int status = known == nullptr ? 201 : 200;
  service.set_module(module, [reply, json = module.json(), status](const Result<void>& set) {
    if (!set) return reply.error(set.error());
    answer(reply, json, etag_of(json), status);
  });
}

void delete_module(LaneService& service, const Call& call, const Reply& reply) {
  const std::string name = call.param("name");
  service.remove_module(name, [&service, reply, name](const Result<void>& removed) {
    if (!removed) return reply.error(removed.error());
    const bool again = service.module(name) != nullptr;
    reply.json("{\"name\":\"" + name +
               "\",\"deleted\":true,\"default_again\":" + (again ? "true}" : "false}"));
  });
}

}  // namespace

void add_lane_settings_routes(api::Router& router, LaneService& service) {
  router.add({Method::get, "/locks/{lane}", "locks:read", "One lane", "", "Lane",
              [&service](Call& call, const Reply& reply) {
                send_lane(service, call.param("lane"), reply, 200);
              },
              false, false, api::Versions::optional});
  router
      .add({Method::put, "/locks/{lane}", "locks:admin", "Add or change a lane", "LaneOptions",
            "Lane", [&service](Call& call, const Reply& reply) { put_lane(service, call, reply); }})
      .answers({200, 201});
  router.add({Method::del, "/locks/{lane}", "locks:admin", "Remove an idle lane", "", "LaneDeleted",
              [&service](Call& call, const Reply& reply) { delete_lane(service, call, reply); }});
  router.add({Method::get, "/lock-modules", "locks:read", "Modules and who may act as them", "",
              "LockModuleList",
              [&service](Call&, const Reply& reply) { reply.json(service.modules_json()); }});
  router.add({Method::get, "/lock-modules/{name}", "locks:read", "One module", "", "LockModule",
              [&service](Call& call, const Reply& reply) { get_module(service, call, reply); },
              false, false, api::Versions::optional});
  router
      .add({Method::put, "/lock-modules/{name}", "locks:admin", "Add or change a module",
            "LockModulePatch", "LockModule",
            [&service](Call& call, const Reply& reply) { put_module(service, call, reply); }})
      .answers({200, 201});
  router.add({Method::del, "/lock-modules/{name}", "locks:admin",
              "Forget a module, or take back what was changed of a default one", "",
              "LockModuleDeleted",
              [&service](Call& call, const Reply& reply) { delete_module(service, call, reply); }});
}

}  // namespace gk::arbiter
