#include "notices/routes.h"

namespace gk::notices {
namespace {

using api::Call;
using api::Reply;
using net::Method;

api::Problem invalid(std::vector<std::pair<std::string, std::string>> errors) {
  return api::invalid_request(std::move(errors));
}

NoticeService::Done answer(const Reply& reply, int status = 200) {
  return [reply, status](const Result<std::string>& json) {
    if (!json) return reply.error(json.error());
    reply.json(*json, status);
  };
}

/// A receiver, with its ETag.
NoticeService::Done answer_receiver(const NoticeService& service, std::string name,
                                    const Reply& reply, int status) {
  return [&service, name = std::move(name), reply, status](const Result<std::string>& json) {
    if (!json) return reply.error(json.error());
    net::Response response;
    response.status = status;
    response.headers.emplace_back("ETag", service.etag(name));
    response.body = *json;
    reply.response(std::move(response));
  };
}

NoticeService::Author author_of(const Call& call) {
  return {call.principal->user_id, call.principal->name, call.correlation_id};
}

void put(NoticeService& service, const std::string& name, Call& call, const Reply& reply) {
  const Receiver* before = service.find(name);
  auto reading = read_receiver(name, call.body, before, service.options().allow_private);
  if (!reading.complaints.empty()) return reply.problem(invalid(std::move(reading.complaints)));
  service.put_receiver(std::move(reading.receiver), author_of(call),
                       answer_receiver(service, name, reply, before == nullptr ? 201 : 200));
}

void create(NoticeService& service, Call& call, const Reply& reply) {
  const JsonValue* name = call.body.find("name");
  if (name == nullptr || !name->is_string()) {
    return reply.problem(invalid({{"name", "expected 1 to 64 of a-z, 0-9, _ and -"}}));
  }
  if (service.find(name->as_string()) != nullptr) {
    return reply.error(
        {Errc::already_exists, "there is a receiver " + name->as_string() + " already; PUT it"});
  }
  put(service, name->as_string(), call, reply);
}

void outbox(NoticeService& service, Call& call, const Reply& reply) {
  const std::string state = call.request.query_param("state").value_or("");
  if (!state.empty() && state != "pending" && state != "delivered" && state != "failed" &&
      state != "dropped") {
    return reply.problem(invalid({{"state", "expected pending, delivered, failed or dropped"}}));
  }
  reply.json(service.outbox_json(state));
}

void add_schemas(api::Router& router) {
  router.add_schema({"NoticeReceiver",
                     {{"name", "string", "", true},
                      {"kind", "discord|webhook|game", "", true},
                      {"enabled", "boolean", "", true},
                      {"events", "string[]", "Kinds of notices; empty: all", true},
                      {"target", "string", "The host of its url, or the game", true},
                      {"signed", "boolean", "It has a secret", true},
                      {"command", "string", "Of a game", true, true},
                      {"pending", "integer", "Messages that wait for it", true},
                      {"last_delivered_at", "time", "", true, true},
                      {"last_error", "string", "Of the last attempt", true, true}}});
  router.add_schema(
      {"NoticeReceiverList",
       {{"items", "#NoticeReceiver[]", "", true}, {"next_cursor", "string", "", true, true}}});
  router.add_schema(
      {"NoticeReceiverInput",
       {{"name", "string", "1 to 64 of a-z, 0-9, _ and -"},
        {"kind", "discord|webhook|game", "", true},
        {"url", "string", "Write-only. Absent in a PUT: stays"},
        {"secret", "string", "Write-only, 16 to 256 characters: signs a webhook's messages"},
        {"game", "string", "Name of a game link"},
        {"command", "string", "Default: say {text}"},
        {"events", "string[]", "macro.cancelled, macro.* …; empty: all"},
        {"enabled", "boolean", "Default true"}}});
  router.add_schema({"NoticeDelivery",
                     {{"notice_id", "string", "The same for every attempt", true},
                      {"receiver", "string", "", true},
                      {"kind", "string", "Of the notice", true},
                      {"title", "string", "", true},
                      {"state", "pending|delivered|failed|dropped", "", true},
                      {"attempts", "integer", "", true},
                      {"created_at", "time", "", true},
                      {"next_attempt_at", "time", "", true, true},
                      {"ended_at", "time", "", true, true},
                      {"status", "number", "HTTP status of the last attempt", true, true},
                      {"error", "string", "Of the last attempt", true, true}}});
  router.add_schema(
      {"NoticeOutbox",
       {{"items", "#NoticeDelivery[]", "Waiting ones, then ended ones newest first", true},
        {"next_cursor", "string", "", true, true},
        {"pending", "integer", "", true},
        {"dropped_total", "number", "Lost by a full outbox since the start", true}}});
  router.add_schema({"NoticeReceiverDeleted", {{"deleted", "string", "", true}}});
}

}  // namespace

void add_notice_routes(api::Router& router, NoticeService& service) {
  add_schemas(router);
  router.add({Method::get, "/notices/receivers", "alerts:read", "Who is told", "",
              "NoticeReceiverList",
              [&service](Call&, const Reply& reply) { reply.json(service.receivers_json()); }});
  router
      .add({Method::post, "/notices/receivers", "alerts:write", "Add a receiver",
            "NoticeReceiverInput", "NoticeReceiver",
            [&service](Call& call, const Reply& reply) { create(service, call, reply); }})
      .answers({201});
  router.add({Method::get, "/notices/receivers/{name}", "alerts:read", "One receiver", "",
              "NoticeReceiver",
              [&service](Call& call, const Reply& reply) {
                const std::string name = call.param("name");
                const Receiver* receiver = service.find(name);
                if (receiver == nullptr) {
                  return reply.error({Errc::not_found, "there is no receiver " + name});
                }
                answer_receiver(service, name, reply, 200)(service.receiver_json(*receiver));
              },
              false, false, api::Versions::optional});
  router
      .add({Method::put, "/notices/receivers/{name}", "alerts:write",
            "Create or replace a receiver; url and secret stay when absent", "NoticeReceiverInput",
            "NoticeReceiver",
            [&service](Call& call, const Reply& reply) {
              put(service, call.param("name"), call, reply);
            }})
      .answers({200, 201});
  router.add({Method::del, "/notices/receivers/{name}", "alerts:write",
              "Delete a receiver; what waits for it fails", "", "NoticeReceiverDeleted",
              [&service](Call& call, const Reply& reply) {
                service.delete_receiver(call.param("name"), author_of(call), answer(reply));
              }});
  router.add({Method::post, "/notices/receivers/{name}/test", "alerts:write",
              "Send a test message; answers after the first attempt, at most 15 s", "",
              "NoticeDelivery", [&service](Call& call, const Reply& reply) {
                service.test(call.param("name"), author_of(call), answer(reply));
              }});
  router
      .add({Method::get, "/notices/outbox", "alerts:read", "Deliveries that wait or have ended", "",
            "NoticeOutbox",
            [&service](Call& call, const Reply& reply) { outbox(service, call, reply); }})
      .query({{"state", "pending|delivered|failed|dropped|", ""}});
  router.page_list("/notices/outbox", "notice_id");
}

NoticeTopics::NoticeTopics(api::Hub& hub, NoticeService& service) {
  using api::Delivery;
  hub.add_topic({"notice:delivered",
                 "alerts:read",
                 "A receiver took a message",
                 "NoticeDelivery",
                 Delivery::every,
                 {}});
  hub.add_topic({"notice:failed",
                 "alerts:read",
                 "A message was given up or lost",
                 "NoticeDelivery",
                 Delivery::every,
                 {}});
  ended_ = service.ended().subscribe([&hub](const notices::Delivery& delivery) {
    const bool delivered = delivery.state == DeliveryState::delivered;
    hub.publish(delivered ? "notice:delivered" : "notice:failed",
                NoticeService::delivery_json(delivery));
  });
}

}  // namespace gk::notices
